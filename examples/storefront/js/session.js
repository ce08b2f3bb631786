// Who the shopper is: the publishable key that everybody may read, and the token that a code gives.
//
// The token is kept in sessionStorage: it lives as long as the tab, is not seen by other tabs, and is never sent by
// itself as a cookie would be. In memory alone it would be gone with every reload, and a phone reloads a tab when the
// shopper goes to read the code in their mail. A script that gets into this page could read it, but could use one in
// memory just as well: what keeps scripts out is the policy in index.html. It is good for 30 minutes.

import { ask, Problem } from "./api.js";

const TOKEN = "aftersale.token";
const WAITING = "aftersale.waiting";
let publishable = "";

/** Read the publishable key from key.json: what `aftersale keys create --publishable` has printed. */
export async function loadKey() {
  const answer = await fetch("key.json", { cache: "no-store" });
  if (!answer.ok) throw new Error("key.json is missing: README.md tells the command that makes it.");
  publishable = (await answer.json().catch(() => null))?.key ?? "";
  if (!publishable.startsWith("pk_")) throw new Error("key.json holds no publishable key (pk_…).");
  return publishable;
}

/** What is in the tab's storage under this name, or null. */
export function kept(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name));
  } catch {
    return null;
  }
}

/** Keep a value for this tab; null forgets it. */
export function keep(name, value) {
  if (value === null) sessionStorage.removeItem(name);
  else sessionStorage.setItem(name, JSON.stringify(value));
}

/** The session `{token, customer}`, or null. When it ends the API says, not this device's clock, which may be wrong. */
export const current = () => kept(TOKEN);

/** Forget the token. */
export function signOut() {
  keep(TOKEN, null);
}

/** Ask for a code; gives nothing away, for the answer is the same whether there is such an order or not. */
export async function start(orderNumber, kind, contact) {
  const body = { order_number: orderNumber, [kind]: contact };
  const started = await ask("POST", "/v1/shopper-sessions", {
    credential: publishable,
    body,
    key: crypto.randomUUID(),
  });
  keep(WAITING, { id: started.id, order: orderNumber });
}

/** The session that waits for its code: `{id, order}`, or null. */
export const waiting = () => kept(WAITING);

/** Forget the session that waits for its code. */
export const giveUp = () => keep(WAITING, null);

/** Give the code. Not repeated by itself: a code is good once, and five wrong ones lock the session. */
export async function verify(code) {
  try {
    const session = await ask("POST", `/v1/shopper-sessions/${waiting().id}/verify`, {
      credential: publishable,
      body: { code },
    });
    keep(TOKEN, session);
    giveUp();
    return session;
  } catch (error) {
    if (error instanceof Problem && error.code !== "code_incorrect" && error.status < 429) giveUp();
    throw error;
  }
}

/** Ask as the shopper. A token that has ended signs the page out. */
export async function asShopper(method, path, options = {}) {
  if (!current()) throw new Problem(401);
  return asAnybody(method, path, options);
}

/** Ask as the shopper, or anonymously where nobody is signed in. */
export async function asAnybody(method, path, options = {}) {
  try {
    return await ask(method, path, { ...options, credential: current()?.token ?? publishable });
  } catch (error) {
    if (error instanceof Problem && error.status === 401) signOut();
    throw error;
  }
}
