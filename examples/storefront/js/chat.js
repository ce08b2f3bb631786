// The chat: anonymous by the publishable key, and in the same conversation as the shopper once they are signed in.

import { Problem } from "./api.js";
import { at, button, el } from "./dom.js";
import { asAnybody, current, keep, kept } from "./session.js";
import { LANGUAGE } from "./words.js";
import { during, onSubmit } from "./work.js";

const CONVERSATION = "aftersale.conversation";
let actions = {};
let open = null; // the question that waits for a proof
let lost = null; // the message that had no answer, with its key: sent again it is not told twice

/** `actions.prove(order number)`: lead to the form that asks for a code. */
export function wire(given) {
  actions = given;
  onSubmit(at("chat-form"), async ({ text }) => {
    await tell(text.trim());
    at("chat-form").reset();
    at("chat-text").focus();
  });
  at("chat-text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    at("chat-form").requestSubmit();
  });
}

/** The shopper is signed in: what was asked before is asked again, now with a proof. */
export async function proven() {
  document.querySelectorAll("#chat-log [data-prove]").forEach((made) => made.remove());
  if (!open) return;
  const question = open;
  open = null;
  answer(await send({ text: question }));
}

async function tell(text, pressed) {
  if (!text) return;
  const told = await send({ text, button: pressed });
  note("You", text);
  answer(told, text);
}

async function send(message) {
  const body = { channel: "chat", locale: LANGUAGE, ...message, conversation_token: kept(CONVERSATION) ?? undefined };
  const content = JSON.stringify(body);
  if (lost?.content !== content) lost = { content, key: crypto.randomUUID() };
  let told;
  try {
    told = await asAnybody("POST", "/v1/messages", { body, key: lost.key });
  } catch (error) {
    if (!(error instanceof Problem && error.code === "ticket_not_found" && body.conversation_token)) throw error;
    keep(CONVERSATION, null); // a conversation of another key, or of a shopper who is signed out: begin a new one
    told = await asAnybody("POST", "/v1/messages", {
      body: { ...body, conversation_token: undefined },
      key: crypto.randomUUID(),
    });
  }
  lost = null;
  keep(CONVERSATION, told.conversation_token ?? null);
  return told;
}

function answer(told, asked) {
  const text = told.reply?.text ?? "We have your message, and a person of ours answers.";
  const buttons = (told.reply?.buttons ?? []).map(({ label, value }) => {
    const made = button(label, () => during(made, () => tell(label, value)), { class: "plain" });
    return made;
  });
  if (told.outcome === "awaiting_customer" && !current()) {
    open = asked ?? open;
    const [number] = told.triage?.entities?.order_numbers ?? [];
    buttons.unshift(button("Prove that it is mine", () => actions.prove(number), { "data-prove": true }));
  }
  note("Shop", text, buttons);
}

function note(who, text, buttons = []) {
  const entry = el(
    "div",
    { class: who === "You" ? "said mine" : "said" },
    el("p", {}, el("strong", {}, `${who}: `), text),
  );
  if (buttons.length) entry.append(el("div", { class: "row" }, ...buttons));
  at("chat-log").append(entry);
  at("chat-log").scrollTop = at("chat-log").scrollHeight;
}

/** Forget the conversation, as when somebody signs out. */
export function forget() {
  keep(CONVERSATION, null);
  open = null;
  at("chat-log").replaceChildren();
}
