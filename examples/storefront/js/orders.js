// The shopper's orders, and one of them: where it is, its parcels, and what is on its way back.

import { at, button, el, goTo, link, say, showOnly } from "./dom.js";
import { asShopper } from "./session.js";
import { day, LANGUAGE, money, statusInWords, titleOf } from "./words.js";

let actions = {};

/** `actions`: what the order's buttons do: `show(order)`, `giveBack(order)`, `label(entry)`. */
export function wire(given) {
  actions = given;
}

/** Read the shopper's orders and show one: the one that is asked for, else the newest. */
export async function show(wanted) {
  const { data: orders } = await asShopper("GET", "/v1/orders?limit=20");
  list(orders, wanted);
  const reference = wanted ?? orders[0]?.id;
  if (!reference) {
    showOnly("orders");
    say("There are no orders of yours.");
    return;
  }
  showOnly("orders");
  await open(reference);
}

const same = (order, reference) =>
  [order.id, order.number, order.number.replace("#", ""), order.external_id].includes(reference);

function list(orders, wanted) {
  const entries = orders.map((order) => {
    const current = same(order, wanted ?? orders[0].id);
    return el(
      "li",
      {},
      button(`${order.number} · ${day(order.placed_at)}`, () => actions.show(order.number), {
        "aria-current": current ? "true" : null,
      }),
    );
  });
  at("orders-list").replaceChildren(...entries);
}

async function open(reference) {
  const path = `/v1/orders/${encodeURIComponent(reference)}`;
  const order = await asShopper("GET", path);
  const [status, returns, labels] = await Promise.all([
    asShopper("GET", `${path}/status?locale=${LANGUAGE}`),
    asShopper("GET", `/v1/returns?order=${order.id}`),
    asShopper("GET", `/v1/return-labels?order=${order.id}`),
  ]);
  at("order-title").textContent = `Order ${order.number}`;
  at("order-summary").textContent = status.summary;
  at("order-parcels").replaceChildren(...lines(order), ...status.shipments.map(parcel));
  at("order-returns").replaceChildren(...backOnTheirWay(order, returns.data, labels.data));
  if (order.lines.some((line) => line.returnable_quantity > 0 && line.fulfilled_quantity > 0)) {
    at("order-returns").append(button("Return something", () => actions.giveBack(order), { id: "order-give-back" }));
  }
  say("");
  goTo("order");
}

function lines(order) {
  const entries = order.lines.map((line) =>
    el("li", {}, el("span", {}, `${line.quantity} × ${titleOf(line)}`), el("span", {}, money(line.total))),
  );
  const total = el(
    "li",
    { class: "total" },
    el("span", {}, "Total with shipping"),
    el("span", {}, money(order.totals.total)),
  );
  return [el("ul", { class: "lines" }, ...entries, total)];
}

function parcel(shipment) {
  const events = [...shipment.events].reverse().map((event) => {
    const where = event.location ? `, ${event.location}` : "";
    return el(
      "li",
      {},
      el("time", { datetime: event.at }, day(event.at)),
      el("span", {}, `${event.description}${where}`),
    );
  });
  const number = link(shipment.tracking_number, shipment.tracking_url);
  const details = el(
    "details",
    {},
    el("summary", {}, `Parcel with ${shipment.carrier}`),
    el("p", {}, "Tracking number ", number),
    el("ol", { class: "scans" }, ...events),
  );
  return details;
}

function backOnTheirWay(order, returns, labels) {
  if (returns.length === 0) return [];
  const titles = new Map(order.lines.map((line) => [line.id, titleOf(line)]));
  const entries = returns.map((back) => {
    const what = back.lines.map((line) => `${line.quantity} × ${titles.get(line.line_id) ?? "item"}`).join(", ");
    const label = labels.find(
      (found) => found.return_id === back.id && ["active", "pending", "unknown"].includes(found.status),
    );
    const wants = back.method === "label" && ["approved", "label_issued"].includes(back.status);
    const text = label ? "Show the label" : "Get the label";
    const payer =
      !label && wants && back.label_payer === "shopper"
        ? el("p", { class: "note" }, "What the label costs is kept back of your refund.")
        : null;
    return el(
      "li",
      { class: "card" },
      el("p", {}, el("strong", {}, back.rma), ` · ${statusInWords(back.status)}`),
      el("p", {}, what),
      payer,
      wants ? button(text, () => actions.label(back, label)) : null,
    );
  });
  return [el("h3", {}, "Returns"), el("ul", { class: "cards" }, ...entries)];
}
