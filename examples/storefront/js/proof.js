// How a shopper proves who they are: an order number with one thing that stands on it, then the code that is sent.

import { at, goTo, say, showOnly } from "./dom.js";
import * as session from "./session.js";
import { onSubmit } from "./work.js";

const CONTACTS = {
  email: { label: "E-mail address of the order", type: "email", autocomplete: "email" },
  phone: { label: "Phone number of the order", type: "tel", autocomplete: "tel" },
  postal_code: { label: "Postal code that it went to", type: "text", autocomplete: "postal-code" },
};

/** Wire the two forms; `proven(order)` is called with the number that was typed once the token is there. */
export function wire(proven) {
  for (const choice of document.querySelectorAll('#find-form [name="kind"]')) {
    choice.addEventListener("change", () => ask(choice.value));
  }
  onSubmit(at("find-form"), async ({ order_number, kind, contact }) => {
    await session.start(order_number.trim(), kind, contact.trim());
    showCode();
    say("");
  });
  onSubmit(at("code-form"), async ({ code }) => {
    const { order } = session.waiting();
    try {
      await session.verify(code.replace(/\D/g, ""));
    } catch (error) {
      if (session.waiting()) at("code-digits").select();
      else showFind(order);
      throw error;
    }
    at("code-form").reset();
    at("find-form").reset();
    ask("email");
    await proven(order);
  });
  at("code-back").addEventListener("click", () => {
    session.giveUp();
    say("");
    showFind();
  });
}

function ask(kind) {
  const { label, type, autocomplete } = CONTACTS[kind];
  at("contact-label").textContent = label;
  Object.assign(at("contact"), { type, autocomplete, value: "" });
}

/** Show the form that asks for a code; with an order's number filled in, if there is one. */
export function showFind(order) {
  showOnly("find");
  if (order) at("order-number").value = order;
  goTo("find");
}

/** Show the form that takes the code. */
export function showCode() {
  at("code-order").textContent = session.waiting().order;
  at("code-form").reset();
  showOnly("code");
  at("code-digits").focus();
}

/** Show where somebody begins who has not proved anything: at the code, if one is on its way. */
export function show(order, { focus = true } = {}) {
  if (session.waiting()) return showCode();
  if (focus) return showFind(order);
  showOnly("find");
  if (order) at("order-number").value = order;
}
