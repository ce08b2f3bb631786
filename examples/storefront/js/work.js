// What every button does: run once at a time, and say in words what went wrong.

import { isUnsettled, Problem } from "./api.js";
import { at, complain, say } from "./dom.js";
import { inWords } from "./words.js";
import { unanswered } from "./writes.js";

/** Run `work` for a control that was used; a second press while it runs does nothing. */
export async function during(control, work) {
  if (control.getAttribute("aria-busy") === "true") return;
  control.setAttribute("aria-busy", "true"); // not `disabled`: that would take the keyboard's focus away
  say("One moment…", { busy: true });
  try {
    await work();
  } catch (error) {
    if (error instanceof Problem && error.status === 401) document.dispatchEvent(new Event("signed-out"));
    else if (isUnsettled(error) && unanswered()) document.dispatchEvent(new Event("unanswered"));
    else if (!(error instanceof Problem)) console.warn(error); // for the developer; a refusal is shown anyway
    complain(inWords(error));
  } finally {
    control.removeAttribute("aria-busy");
    if (at("status").classList.contains("busy")) at("status").textContent = "";
  }
}

/** Have a form run `work` with its fields instead of leaving the page. */
export function onSubmit(form, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    during(form, () => work(Object.fromEntries(new FormData(form))));
  });
}
