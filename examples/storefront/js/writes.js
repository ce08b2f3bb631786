// Writes that must not happen twice. A write is noted with its Idempotency-Key before it is sent, and stays noted until
// an answer has come: whatever breaks in between, a reload too, it is sent again as it was, under the same key, and the
// API answers with what the first one did.

import { isUnsettled, Problem } from "./api.js";
import { asShopper, current, keep, kept } from "./session.js";

const NOTE = "aftersale.write";

/** The write that nobody has answered yet: `{path, body, key, customer, context}`, or null. */
export function unanswered() {
  const note = kept(NOTE);
  return note && note.customer === current()?.customer ? note : null;
}

/** Note a write and send it; `context` is what the page wants to know of it after a reload. */
export function write(path, body, context) {
  keep(NOTE, { path, body, context, key: crypto.randomUUID(), customer: current()?.customer });
  return send();
}

/** Send the noted write, again if need be. */
export async function send() {
  const { path, body, key } = kept(NOTE);
  try {
    const made = await asShopper("POST", path, { body, key });
    keep(NOTE, null);
    return made;
  } catch (error) {
    // Whose token has ended signs in again and goes on; every other refusal is an answer: nothing was done.
    const ended = error instanceof Problem && error.status === 401;
    if (!isUnsettled(error) && !ended) keep(NOTE, null);
    throw error;
  }
}

/** What would happen, with the token that lets it: shown before a write that costs something. */
export function preview(path, body) {
  return asShopper("POST", path, { body: { ...body, preview: true }, key: crypto.randomUUID() });
}
