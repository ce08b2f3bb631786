// The only file that makes elements. What the API tells (titles, notes, names) was written by others: it becomes
// text, never markup, and a link only where it is https.

/** The element with this id. */
export const at = (id) => document.getElementById(id);

/** A new element: `el("p", { class: "note" }, "text", child)`. Strings become text nodes. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** A button that does something. */
export function button(text, work, attributes = {}) {
  const made = el("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", work);
  return made;
}

/** A link to somewhere else, or its text alone where the address is not https (`javascript:…` is an address, too). */
export function link(text, address) {
  const safe = URL.canParse(address ?? "") && new URL(address).protocol === "https:";
  return safe ? el("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, text) : text;
}

/** Show these sections of the steps and hide all others. */
export function showOnly(...ids) {
  for (const section of document.querySelectorAll(".steps > section")) section.hidden = !ids.includes(section.id);
}

/** Show a section and take the keyboard, and a screen reader, to its heading. */
export function goTo(id) {
  at(id).hidden = false;
  at(`${id}-title`).focus();
}

/** Say what has happened; read out politely. `busy`: only read out, for the button shows it and nothing shall jump. */
export function say(text, { busy = false } = {}) {
  at("status").textContent = text;
  at("status").classList.toggle("busy", busy);
  at("problem").textContent = "";
}

/** Say what went wrong; read out at once. */
export function complain(text) {
  at("status").textContent = "";
  at("problem").textContent = text;
}
