// The hotline's doors over HTTP. An answer is the hotline's only if its status, media type and shape
// are the table's; everything else is `unreachable`, and no evidence.
import { readAgreement } from "./agreement.js";
import { isObject, isText, parse } from "./json.js";
import { now } from "./instant.js";
import { ensure, Refusal, refuse } from "./refusal.js";
import { makeProof } from "./request.js";
import { KINDS } from "./statement.js";

const LARGEST_ANSWER = 4 * 1_048_576;
const MOST_ITEMS = 1_000_000;
const LONGEST_READ_MS = 120_000; // 10 000 conflicts are 40 pages: two minutes is a hotline that plays for time
const NEXT = /^[A-Za-z0-9_.~-]+$/;
const WAIT_MS = 15_000;
const PROBLEM = "urn:keepclear:problem:";
const UNKNOWN_OUTCOME = [408, 425, 429];

const mediaType = (response) => (response.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();

async function bodyOf(response) {
  const chunks = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    ensure(size <= LARGEST_ANSWER, "unreachable", "an answer larger than any of the hotline's");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function objectOf(body) {
  try {
    const value = parse(body);
    return isObject(value) ? value : refuse("unreachable", "an answer that is no object");
  } catch (error) {
    if (error instanceof Refusal) refuse("unreachable", "an answer that is no JSON of the hotline's");
    throw error;
  }
}

/** Throws what a problem document says; `outcomeUnknown` tells that the same bytes may be sent again. */
function problem(response, body) {
  const document = mediaType(response) === "application/problem+json" ? objectOf(body) : {};
  const { code, type, detail } = document;
  ensure(
    isText(code) && type === PROBLEM + code,
    "unreachable",
    `an answer ${response.status} that is not the hotline's`,
  );
  const refusal = new Refusal(code, isText(detail) ? detail : code);
  const refused = code.startsWith("budget_"); // nothing was kept
  refusal.outcomeUnknown = !refused && (response.status >= 500 || UNKNOWN_OUTCOME.includes(response.status));
  throw refusal;
}

/** Whether sending the same bytes again may help: nobody refused them, or only for now and what is said stays true. */
export const mayAgain = ({ code, outcomeUnknown }) =>
  code === "unreachable" || outcomeUnknown === true || code === "budget_acknowledgements_a_minute";

export class Hotline {
  /** `address` is where requests go; the agreement's origin, to which proofs are bound, unless told otherwise. */
  constructor(desk, key, address = null) {
    this.desk = desk;
    this.key = key;
    this.address = address ?? desk.agreement.service.origin;
  }

  proof(method, target) {
    return makeProof(this.key, this.desk.party, this.desk.agreement, method, target, now());
  }

  async request(target, options) {
    try {
      return await fetch(this.address + target, { redirect: "manual", ...options });
    } catch (error) {
      refuse("unreachable", `${error.cause?.code ?? error.cause?.message ?? error.message}`);
    }
  }

  async answer(target, options) {
    const response = await this.request(target, { signal: AbortSignal.timeout(WAIT_MS), ...options });
    let body;
    try {
      body = await bodyOf(response);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      refuse("unreachable", "the answer ended before it was whole");
    }
    if (![200, 201].includes(response.status)) problem(response, body);
    return { response, body };
  }

  async get(target) {
    const { authorization } = this.proof("GET", target);
    const { response, body } = await this.answer(target, { headers: { authorization } });
    ensure(
      response.status === 200 && mediaType(response) === "application/json",
      "unreachable",
      "not an answer to a read",
    );
    return body;
  }

  async read(target, names) {
    const value = objectOf(await this.get(target));
    ensure(
      names.every((name) => name in value),
      "unreachable",
      "an answer of another shape",
    );
    return value;
  }

  /** Files a statement: `receipt` (null if it is not told again), `alerts`, and whether it was there before. */
  async file(kind, text) {
    const { door, mediaType: type } = KINDS[kind];
    const { authorization } = this.proof("POST", door);
    const { response, body } = await this.answer(door, {
      method: "POST",
      headers: { "content-type": type, authorization },
      body: text,
    });
    const value = mediaType(response) === "application/json" ? objectOf(body) : {};
    const { receipt, alerts = [] } = value;
    const first = response.status === 201;
    const shaped =
      (isText(receipt) || (!first && receipt === null)) && Array.isArray(alerts) && ("alerts" in value || !first);
    ensure(shaped, "unreachable", "an answer of another shape");
    return { receipt, alerts, again: !first };
  }

  /** All pages of a list, with the `at` and the `budgets` of the first. */
  async pages(target, name, key) {
    let first = null;
    const all = [];
    const until = Date.now() + LONGEST_READ_MS;
    for (let after = null; ;) {
      const query = after === null ? "" : `${target.includes("?") ? "&" : "?"}after=${after}`;
      const page = await this.read(target + query, ["at", name, "next"]);
      const items = page[name];
      const shaped = Array.isArray(items) && items.every((item) => isObject(item) && isText(item[key]));
      ensure(Date.now() < until, "unreachable", "the pages do not end");
      // A page that leads on has something on it, so that the items bound the pages.
      const next = page.next === null || (isText(page.next) && NEXT.test(page.next) && items.length > 0);
      ensure(shaped && next && all.length < MOST_ITEMS, "unreachable", "a page of another shape");
      first ??= page;
      all.push(...items);
      if (page.next === null) return { at: first.at, items: all, budgets: first.budgets ?? [] };
      after = page.next;
    }
  }

  /** Everything that a desk reads anew after a gap: `at`, `conflicts`, `notices`, `budgets`. */
  async everything() {
    const { at, items, budgets } = await this.pages("/v1/conflicts", "conflicts", "conflict");
    ensure(Array.isArray(budgets), "unreachable", "budgets of another shape");
    const conflicts = [];
    for (let ids = items.map(({ conflict }) => conflict); ids.length;) {
      const { conflicts: some, more } = await this.read(`/v1/conflicts/${ids.slice(0, 32).join(",")}`, [
        "at",
        "conflicts",
        "more",
      ]);
      ensure(Array.isArray(some) && some.every(isObject), "unreachable", "conflicts of another shape");
      conflicts.push(...some);
      const last = some.at(-1)?.conflict;
      const done = more ? ids.indexOf(last) + 1 : 32;
      ensure(done > 0, "unreachable", "conflicts that were not asked for");
      ids = ids.slice(done);
    }
    const notices = [];
    for (const { id } of (await this.pages("/v1/notices", "notices", "id")).items) {
      const own = await this.ownNotice(id);
      if (own !== null) notices.push(own);
    }
    return { at, conflicts, notices, budgets };
  }

  /** What the hotline holds of an own notice: `notice` or `withdrawal`, and `receipt`; null where it let it go. */
  async ownNotice(id) {
    try {
      return await this.read(`/v1/notices/${id}`, ["at", "notice", "withdrawal", "receipt"]);
    } catch (error) {
      if (error instanceof Refusal && error.code === "not_found") return null;
      throw error;
    }
  }

  /** The terms that the hotline says are in force: this installs nothing. */
  async termsInForce() {
    const { authorization } = this.proof("GET", "/v1/agreement");
    const { body } = await this.answer("/v1/agreement", { headers: { authorization } });
    return readAgreement(body).terms;
  }

  /** Opens the stream behind `cursor`: its response and the identity of the proof that it was asked with. */
  async stream(cursor, signal) {
    const { authorization, sha256 } = this.proof("GET", "/v1/stream");
    const headers = {
      authorization,
      accept: "text/event-stream",
      ...(cursor === null ? {} : { "last-event-id": cursor }),
    };
    const response = await this.request("/v1/stream", { headers, signal });
    if (response.status !== 200) problem(response, await bodyOf(response));
    ensure(mediaType(response) === "text/event-stream", "unreachable", "an answer that is no event stream");
    return { body: response.body, request: sha256 };
  }
}
