// The page as a whole: which step is shown when. `#order=1001` in the address opens that order, as from a mail's link.

import { at, complain, goTo, say, showOnly } from "./dom.js";
import * as chat from "./chat.js";
import * as labels from "./labels.js";
import * as orders from "./orders.js";
import * as proof from "./proof.js";
import * as returns from "./returns.js";
import * as session from "./session.js";
import { during } from "./work.js";
import * as writes from "./writes.js";

const linked = () => new URLSearchParams(location.hash.slice(1)).get("order");
const main = at("main");

/** Show an order of the signed-in shopper, or first what nobody has answered yet. */
async function shopper(number) {
  at("sign-out").hidden = false;
  if (writes.unanswered()) return resume();
  await orders.show(number ?? undefined);
}

function resume() {
  const { path, context } = writes.unanswered();
  const what = path === returns.PATH ? `return of order ${context.order}` : `label of ${context.rma}`;
  at("resume-text").textContent =
    `We do not know yet whether your ${what} has reached us. Trying again does not make a second one.`;
  showOnly("resume");
  goTo("resume");
}

async function goOn() {
  const { path, context } = writes.unanswered();
  let made;
  try {
    made = await writes.send();
  } catch (error) {
    if (session.current() && !writes.unanswered()) await orders.show(context.order); // refused: nothing is left to send
    throw error;
  }
  if (path === returns.PATH) await returns.settled(made, orders.show, context.order);
  else await labelled(await labels.reveal(made), context.order);
}

/** `words`: why there is no label to show yet. */
async function labelled(words, order) {
  if (!words) return;
  await orders.show(order);
  say(words);
}

function stranger(options) {
  at("sign-out").hidden = true;
  proof.show(linked(), options);
}

function wire() {
  proof.wire(async (number) => {
    say("");
    await shopper(number); // what was typed, whatever the address says
    await chat.proven();
  });
  chat.wire({ prove: (number) => proof.showFind(number ?? linked()) });
  orders.wire({
    show: (number) => during(main, () => orders.show(number)),
    giveBack: (order) => during(main, () => returns.show(order)),
    label: (back, label) => during(main, async () => labelled(await labels.show(back, label), back.order)),
  });
  returns.wire(orders.show);
  labels.wire();
  at("resume-again").addEventListener("click", () => during(at("resume-again"), goOn));
  at("sign-out").addEventListener("click", () => {
    session.signOut();
    session.giveUp();
    chat.forget();
    say("You are signed out.");
    stranger();
  });
  document.addEventListener("signed-out", () => stranger());
  document.addEventListener("unanswered", resume);
  window.addEventListener("hashchange", () => linked() && session.current() && during(main, () => shopper(linked())));
}

async function begin() {
  try {
    at("test-mode").hidden = !(await session.loadKey()).startsWith("pk_test_");
  } catch (error) {
    complain(error.message);
    return;
  }
  wire();
  if (session.current()) await during(main, () => shopper(linked()));
  else stranger({ focus: false });
}

await begin();
