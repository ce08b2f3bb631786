// The label: bought once, read with the shopper's token, shown as a picture that prints by itself, saved as PDF.

import { pause } from "./api.js";
import { at, goTo, say, showOnly } from "./dom.js";
import { asShopper } from "./session.js";
import * as writes from "./writes.js";

export const PATH = "/v1/return-labels";
const WORDS = {
  pending: "The carrier has not answered yet: please look again in a minute.",
  unknown: "We are finding out whether the carrier has made the label: please look again in a few minutes.",
  failed: "The carrier could not make the label. Please ask us below.",
};
let addresses = [];

/** Wire the button that prints. */
export function wire() {
  at("label-print").addEventListener("click", () => window.print());
}

/** Get the label of a return, or show the one that it has; gives what to say where it cannot be shown yet. */
export async function show(back, label) {
  return reveal(label ?? (await buy(back)));
}

async function buy(back) {
  const body = { return_id: back.id, format: "pdf" };
  // What it means was told beside the button (who pays for it), and the button is the yes.
  const { confirmation_token } = await writes.preview(PATH, body);
  return writes.write(PATH, { ...body, confirmation_token }, { order: back.order, rma: back.rma });
}

/** Wait for the carrier, then show the label; gives what to say where it cannot be shown yet, else nothing. */
export async function reveal(made) {
  let label = made;
  for (let times = 0; label.status === "pending" && times < 10; times += 1) {
    await pause(1500);
    label = await asShopper("GET", `${PATH}/${label.id}`);
  }
  if (label.status !== "active") return WORDS[label.status] ?? "A person of ours has to say yes to this label first.";
  // The bytes need the token in a header, so that an address alone opens nothing: they are fetched and shown from here.
  const [picture, pdf] = await Promise.all(
    ["png", "pdf"].map((format) => asShopper("GET", `${label.file}?format=${format}`, { as: "blob" })),
  );
  addresses.forEach((address) => URL.revokeObjectURL(address));
  addresses = [picture, pdf].map((blob) => URL.createObjectURL(blob));
  at("label-image").src = addresses[0];
  at("label-image").alt = `Return label ${label.rma}, tracking number ${label.tracking_number}`;
  Object.assign(at("label-pdf"), { href: addresses[1], download: `${label.rma}.pdf` });
  at("label-text").textContent =
    `Print it, stick it on the parcel, and hand that to the carrier. Tracking number ${label.tracking_number}.`;
  await at("label-image").decode();
  say("");
  showOnly("orders", "label");
  goTo("label");
  return "";
}
