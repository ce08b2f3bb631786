// The API over fetch: problem+json becomes a Problem, no answer becomes Unanswered. What may be repeated is repeated:
// reads, and writes that carry an Idempotency-Key, with which the second request gets the first one's answer.

const WAITS = [400, 1200, 3000];
const TIMEOUT = 30_000;

/** The API's address: index.html names it once for the page, once for its Content-Security-Policy. */
export const API = document.querySelector('meta[name="aftersale-api"]').content;

/** A refusal of the API (RFC 9457). */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? "The shop answers something that this page does not understand.");
    this.status = status;
    this.code = body?.code ?? "";
    this.errors = body?.errors ?? [];
    this.requestId = body?.request_id ?? "";
  }
}

/** No answer came: what was asked may have been done or not. */
export class Unanswered extends Error {
  constructor() {
    super("We cannot reach the shop. Is your connection up?");
  }
}

/** Whether asking again may help; until an answer comes that is not this, nobody knows what a write has done. */
export function isUnsettled(error) {
  if (error instanceof Unanswered) return true;
  return (
    error instanceof Problem && (error.status === 429 || error.status >= 500 || error.code === "idempotency_key_in_use")
  );
}

/** Ask: `body` is sent as JSON, `form` as multipart; gives the parsed answer, or a Blob for `as: "blob"`. */
export async function ask(method, path, { credential, body, form, key, as = "json" }) {
  const headers = { Authorization: `Bearer ${credential}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const request = { method, headers, body: form ?? (body && JSON.stringify(body)), referrerPolicy: "no-referrer" };
  const waits = method === "GET" || key ? [...WAITS] : [];
  for (;;) {
    try {
      return await answerOf(request, path, as);
    } catch (error) {
      if (!isUnsettled(error) || waits.length === 0) throw error;
      await pause(Math.max(waits.shift(), Math.min(error.retryAfter ?? 0, 10_000)));
    }
  }
}

async function answerOf(request, path, as) {
  let answer;
  let content;
  try {
    // Credentials are named in the header; cookies of this site are nobody else's business.
    answer = await fetch(API + path, { ...request, credentials: "omit", signal: AbortSignal.timeout(TIMEOUT) });
    content = answer.ok && as === "blob" ? await answer.blob() : await answer.text();
  } catch {
    throw new Unanswered(); // the network, the time, or an origin that the key does not list: browsers do not say which
  }
  if (!answer.ok) {
    const problem = new Problem(answer.status, parsed(content));
    problem.retryAfter = 1000 * Number(answer.headers.get("Retry-After") ?? 0);
    throw problem;
  }
  return as === "blob" ? content : parsed(content);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Wait so many milliseconds. */
export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
