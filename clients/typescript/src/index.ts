/** A client of the Aftersale API: `openapi-fetch` with the types of its OpenAPI document (`schema.ts`, generated). */

import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { components, paths };
export type Problem = components["schemas"]["Problem"];
export type Aftersale = Client<paths>;

/** A client of the API at `baseUrl`, with a secret key. Keep secret keys on your server. */
export function aftersale(baseUrl: string, key: string): Aftersale {
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
}

/** A form for `POST /v1/files`: `api.POST("/v1/files", { body: { file: "" }, bodySerializer: () => fileForm(…) })`. */
export function fileForm(content: Blob, name: string): FormData {
  const form = new FormData();
  form.append("file", content, name);
  return form;
}
