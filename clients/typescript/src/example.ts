/**
 * What a store's server does most: look at an order, send a photo, take an item back once, hear a no.
 *
 *     AFTERSALE_URL=http://127.0.0.1:8000 AFTERSALE_KEY=sk_test_… node dist/example.js torn.jpg
 */

import { readFile } from "node:fs/promises";
import { aftersale, fileForm, type Problem } from "./index.js";

const api = aftersale(process.env["AFTERSALE_URL"] ?? "http://127.0.0.1:8000", process.env["AFTERSALE_KEY"] ?? "");

/** What was asked for, or the problem's sentence as an error. */
function needed<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail ?? "no answer");
  return answer.data;
}

const orders = needed(await api.GET("/v1/orders", { params: { query: { number: "#1001" } } }));
const order = orders.data[0];
const line = order?.lines[0];
if (order === undefined || line === undefined) throw new Error("the order is not there");

const photo = new Blob([await readFile(process.argv[2] ?? "torn.jpg")]);
const form = fileForm(photo, "torn.jpg");
const file = needed(await api.POST("/v1/files", { body: { file: "" }, bodySerializer: () => form }));

// The same key and body again: the same return, and no second one.
const lines = [{ line_id: line.id, quantity: 1, reason: "too small", files: [file.id] }];
const asked = { params: { header: { "idempotency-key": `return-${order.id}` } }, body: { order: order.id, lines } };
const first = needed(await api.POST("/v1/returns", asked));
const again = needed(await api.POST("/v1/returns", asked));

const refused = await api.POST("/v1/returns", {
  params: { header: { "idempotency-key": `again-${order.id}` } },
  body: { order: order.id, lines: [{ line_id: line.id, quantity: line.quantity }] },
});

console.log(
  JSON.stringify({
    order: order.number,
    orders: orders.data.length,
    returns: [first, again].map((made) => ("id" in made ? made.id : null)),
    files: "lines" in first ? first.lines.map((row) => row.files) : [],
    refused: { status: refused.response.status, code: refused.error?.code },
  }),
);
