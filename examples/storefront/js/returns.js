// A return: what may come back, a preview of what would happen, and, after a yes, the return itself.

import { isUnsettled, pause } from "./api.js";
import { at, el, goTo, say, showOnly } from "./dom.js";
import { asShopper } from "./session.js";
import { day, LANGUAGE, money, statusInWords, titleOf } from "./words.js";
import { during, onSubmit } from "./work.js";
import * as writes from "./writes.js";

export const PATH = "/v1/returns";
// What your store's policy lists; one that it does not list is refused as `reason_not_allowed`.
const REASONS = ["too small", "too large", "changed my mind", "damaged", "not as described"];
const RESOLUTIONS = { refund: "Money back", store_credit: "Store credit" }; // an exchange needs a variant: not shown here
const PHOTOS = "image/jpeg,image/png,image/webp"; // naming JPEG has phones send JPEG instead of HEIC

let order = null;
let offered = [];
let shown = null; // what the preview was asked with, and its token
const sent = new WeakMap(); // the id of each photo that is with the shop already: a second preview sends none again

/** Wire the form and the confirmation; `done(order number)` is called when the return is there. */
export function wire(done) {
  onSubmit(at("return-form"), ask);
  at("confirm-no").addEventListener("click", () => {
    at("confirm").hidden = true;
    goTo("return");
  });
  at("confirm-yes").addEventListener("click", () =>
    during(at("confirm-yes"), async () => {
      try {
        const { body, token } = shown;
        const made = await writes.write(PATH, { ...body, confirmation_token: token }, { order: order.number });
        await settled(made, done, order.number);
      } catch (error) {
        if (!isUnsettled(error)) at("confirm").hidden = true; // refused: to be asked anew
        throw error;
      }
    }),
  );
}

/** Wait until the shop knows of the return, then show its order again. */
export async function settled(made, done, number) {
  let now = made;
  for (let times = 0; now.operation?.status === "pending" && times < 10; times += 1) {
    await pause(1500);
    now = await asShopper("GET", `${PATH}/${now.id}`);
  }
  await done(number);
  say(`Your return ${now.rma}: ${statusInWords(now.status)}.`);
}

/** Show what of an order may come back, line by line, and why something may not. */
export async function show(of) {
  const list = await asShopper("GET", `/v1/orders/${of.id}/returnable?locale=${LANGUAGE}`);
  [order, offered, shown] = [of, list.lines, null];
  const bought = new Map(of.lines.map((line) => [line.id, line]));
  at("return-lines").replaceChildren(
    ...offered.map((line, place) => entry(line, bought.get(line.line_id) ?? line, place)),
  );
  at("return-send").hidden = !at("return-lines").querySelector("[type=checkbox]");
  say("");
  showOnly("orders", "return");
  goTo("return");
}

function entry(line, bought, place) {
  const title = titleOf(bought);
  const kinds = line.resolutions.filter((kind) => kind in RESOLUTIONS);
  const may = line.outcome !== "refuse" && line.returnable_quantity > 0;
  if (!may || kinds.length === 0) {
    const why = may ? "This can only be exchanged: please ask us." : line.reasons.join(" ");
    return el("div", { class: "card" }, el("p", {}, el("strong", {}, title)), el("p", { class: "note" }, why));
  }
  const id = (name) => `line-${place}-${name}`;
  const box = el("input", { type: "checkbox", id: id("on"), "aria-controls": id("more"), "aria-expanded": "false" });
  const numbers = Array.from({ length: line.returnable_quantity }, (_, index) => el("option", {}, String(index + 1)));
  const more = el(
    "div",
    { id: id("more"), class: "fields", hidden: true },
    field("How many", el("select", { id: id("quantity") }, ...numbers)),
    field("Why", el("select", { id: id("reason") }, ...REASONS.map((reason) => el("option", {}, reason)))),
    field(
      "What for",
      el("select", { id: id("resolution") }, ...kinds.map((kind) => el("option", { value: kind }, RESOLUTIONS[kind]))),
    ),
    field("A photo, if it helps", el("input", { id: id("photo"), type: "file", accept: PHOTOS })),
  );
  box.addEventListener("change", () => {
    more.hidden = !box.checked;
    box.setAttribute("aria-expanded", String(box.checked));
    at("confirm").hidden = true; // what was shown is no longer what is asked
  });
  more.addEventListener("change", () => {
    at("confirm").hidden = true;
  });
  const notes = [
    line.returnable_until && `until ${day(line.returnable_until)}`,
    line.fee.amount > 0 && `costs ${money(line.fee)}`,
    line.outcome === "ask" && "a person of ours looks at it first",
  ];
  return el(
    "fieldset",
    { class: "card" },
    el("legend", { class: "hidden" }, title),
    el("label", { class: "choice" }, box, el("span", {}, title)),
    el("p", { class: "note" }, notes.filter(Boolean).join(" · ")),
    more,
  );
}

const field = (text, control) => el("div", {}, el("label", { for: control.id }, text), control);

async function ask() {
  const chosen = offered.flatMap((line, place) => (at(`line-${place}-on`)?.checked ? [{ line, place }] : []));
  if (chosen.length === 0) {
    say("Please choose what you send back.");
    return;
  }
  const lines = [];
  for (const { line, place } of chosen) lines.push(await wanted(line, place));
  const body = { order: order.id, lines, method: "label" };
  const preview = await writes.preview(PATH, body);
  shown = { body, token: preview.confirmation_token };
  confirm(chosen, body, preview);
}

async function wanted(line, place) {
  const value = (name) => at(`line-${place}-${name}`).value;
  const photo = at(`line-${place}-photo`).files[0];
  const files = photo ? [await upload(photo)] : [];
  return {
    line_id: line.line_id,
    quantity: Number(value("quantity")),
    reason: value("reason"),
    resolution: value("resolution"),
    files,
  };
}

async function upload(photo) {
  if (!sent.has(photo)) {
    const form = new FormData();
    form.append("file", photo);
    form.append("purpose", "return");
    const file = await asShopper("POST", "/v1/files", { form, key: crypto.randomUUID() });
    sent.set(photo, file.id);
  }
  return sent.get(photo);
}

function confirm(chosen, body, preview) {
  const bought = new Map(order.lines.map((line) => [line.id, line]));
  const entries = body.lines.map((line) => {
    const title = titleOf(bought.get(line.line_id) ?? { title: "item" });
    const photos = line.files.length ? ", with your photo" : "";
    return el("li", {}, `${line.quantity} × ${title}: ${RESOLUTIONS[line.resolution].toLowerCase()}${photos}`);
  });
  at("confirm-lines").replaceChildren(...entries);
  const asks = preview.decision?.outcome === "ask" || preview.effects.some((effect) => effect.needs_approval);
  const fees = chosen.filter(({ line }) => line.fee.amount > 0).map(({ line }) => money(line.fee));
  at("confirm-text").textContent = [
    asks
      ? "A person of ours looks at it first, and you hear from us."
      : "You get a label, and your money once it is back with us.",
    fees.length ? `A fee is kept back: ${fees.join(" + ")}.` : "",
  ].join(" ");
  say("");
  goTo("confirm");
}
