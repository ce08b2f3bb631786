// What the page says: money, days, and what a refusal means.

import { Problem, Unanswered } from "./api.js";

export const LANGUAGE = document.documentElement.lang;

const PROBLEMS = {
  code_incorrect: "This is not the code. After five wrong ones you have to start again.",
  session_locked: "Five wrong codes: please start again.",
  session_expired: "The code has run out: please start again.",
  session_verified: "This code was used already: please start again.",
  session_not_found: "Please start again.",
  order_not_found: "There is no such order among yours.",
  facts_changed: "Something about the order has changed in the meantime: please look again.",
  already_returned: "This is on its way back already.",
  return_window_closed: "The time in which it could be returned is over.",
  item_not_returnable: "This cannot be returned.",
  file_type_not_allowed: "Please choose a photo: JPEG, PNG or WebP.",
  file_unreadable: "This photo cannot be read: is it whole?",
  body_too_large: "This photo is too large.",
};

const STATUS = {
  requested: "asked for",
  awaiting_approval: "a person of ours looks at it",
  approved: "approved",
  label_issued: "waiting for your parcel",
  in_transit: "on its way to us",
  received: "arrived",
  inspected: "looked at",
  completed: "finished",
  declined: "declined",
  canceled: "canceled",
  expired: "run out",
};

/** A sentence for the shopper. The API's own `detail` is one that may be shown; some we say in the shop's words. */
export function inWords(error) {
  if (error instanceof Unanswered) return error.message;
  if (!(error instanceof Problem)) return "Something in this page went wrong. Please load it again.";
  if (error.status === 401) return "You have been signed out. Please ask for a new code.";
  if (error.status === 429) return "That was a lot at once. Please wait a minute and try again.";
  if (error.status >= 500) return "The shop does not answer properly just now. Please try again.";
  const fields = error.errors.map((field) => field.detail).filter(Boolean);
  return PROBLEMS[error.code] ?? (fields.length ? fields.join(" ") : error.message);
}

/** What a return's status means. New ones may come: they are shown as they are. */
export const statusInWords = (status) => STATUS[status] ?? status.replaceAll("_", " ");

/** `{amount: 1299, currency: "EUR"}` as €12.99: integer minor units, and how many there are is the currency's own. */
export function money({ amount, currency }) {
  const format = new Intl.NumberFormat(LANGUAGE, { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** A moment of the API as a day. */
export const day = (moment) => new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium" }).format(new Date(moment));

/** An order's line as one title: `Rain jacket Fjord (navy, M)`. */
export function titleOf(line) {
  const options = Object.values(line.options ?? {});
  return options.length ? `${line.title} (${options.join(", ")})` : line.title;
}
