// Statements: signed bytes of one kind each. The header is compared and never parsed, and nothing is
// told apart before the signature verified.
import { decode, digest, encode, isDigest, isId, newId } from "./encoding.js";
import { characters, isObject, isText, isWhole, parse } from "./json.js";
import { sign, verifies } from "./keys.js";
import { ensure } from "./refusal.js";

const kind = (typ, limit, role = null, door = null, mediaType = null, event = null) => ({
  typ,
  limit,
  role,
  door,
  mediaType,
  event,
});

const ADMIT_AT_MOST_S = 3600; // what was signed and held back does not surface a day later

export const KINDS = {
  notice: kind("keepclear-notice+sd-jwt", 65536, "submit", "/v1/notices", "application/sd-jwt", "notice"),
  withdrawal: kind("keepclear-withdrawal+jws", 1024, "submit", "/v1/withdrawals", "application/jwt", "notice"),
  acknowledgement: kind(
    "keepclear-acknowledgement+jws",
    2048,
    "acknowledge",
    "/v1/acknowledgements",
    "application/jwt",
    "acknowledgement",
  ),
  request: kind("keepclear-request+jws", 4096, "watch"),
  alert: kind("keepclear-alert+jws", 262144, null, null, null, "alert"),
  receipt: kind("keepclear-receipt+jws", 65536),
  open: kind("keepclear-open+jws", 4096, null, null, null, "open"),
  budget: kind("keepclear-budget+jws", 4096, null, null, null, "budget"),
  agreement: kind("keepclear-agreement+jws", 65536),
};

const LATEST_S = 9_007_199_254;

export const header = (kid, typ) => `{"alg":"Ed25519","kid":"${kid}","typ":"${typ}"}`;
const KID_AT = '{"alg":"Ed25519","kid":"'.length;

/** The three parts decoded and the kid that the header names, which is exactly that of the kind (steps 1 to 3). */
function split(text, { typ, limit }) {
  const fail = "not_authenticated";
  ensure(isText(text) && text.length <= (limit * 4) / 3 + 400, fail, "longer than its kind may be");
  const parts = text.split(".");
  ensure(parts.length === 3, fail, "not three parts");
  const [head, payload, signature] = parts.map((part) => decode(part, fail));
  const kid = head.toString("latin1").slice(KID_AT, KID_AT + 43);
  ensure(head.equals(Buffer.from(header(kid, typ))), fail, "not the header of its kind");
  return { kid, payload, signature, signed: text.slice(0, text.lastIndexOf(".")) };
}

/**
 * A statement that verified under one of `keys` (by kid): `text`, `kid`, `sha256` (its identity), `bytes` and
 * `payload`. Refused by R-014, steps 1 to 5.
 */
export function open(text, kindOf, keys) {
  const { kid, payload, signature, signed } = split(text, kindOf);
  const key = keys.get(kid);
  ensure(
    key && verifies(key, Buffer.from(signed), signature),
    "not_authenticated",
    "no enrolled key verifies this statement",
  );
  const value = parse(payload, kindOf.limit);
  ensure(isObject(value), "json", "a payload is an object");
  return { text, kid, sha256: digest(text), bytes: payload, payload: value };
}

/**
 * What a statement claims before anything is verified: to find the terms whose keys may verify it, and nothing else.
 */
export function peek(text, kindOf) {
  const value = parse(split(text, kindOf).payload, kindOf.limit);
  ensure(isObject(value), "json", "a payload is an object");
  return value;
}

/** The text of a statement of that kind, signed by `key`. */
export function make(key, kindOf, payload) {
  const bytes = typeof payload === "string" || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
  const signed = `${encode(header(key.public.kid, kindOf.typ))}.${encode(bytes)}`;
  return `${signed}.${encode(sign(key, Buffer.from(signed)))}`;
}

/** Checks the claims of R-018, and that nothing critical is named. */
export function checkClaims(payload, admitted) {
  ensure(!("crit" in payload), "crit", "names a critical member, and this version knows none");
  const { iss, aud, terms, iat, jti, admit_by: admitBy } = payload;
  ensure(isText(iss) && iss.length > 0 && characters(iss) <= 32, "claims", "iss is a text of 1 to 32 characters");
  ensure(isDigest(aud) && isDigest(terms), "claims", "aud and terms are digests");
  ensure(isWhole(iat) && iat >= 0 && iat <= LATEST_S, "claims", "iat is a whole number of seconds");
  ensure(isId(jti), "claims", "jti is 128 bits in their one spelling");
  if (admitted)
    ensure(
      isWhole(admitBy) && admitBy >= iat && admitBy - iat <= ADMIT_AT_MOST_S && admitBy <= LATEST_S,
      "claims",
      "admit_by is a whole number, not below iat, and an hour after it at most",
    );
  else ensure(!("admit_by" in payload), "claims", "admit_by does not stand here");
}

/** The claims of a new statement of `party` under `terms`. */
export function newClaims(party, agreement, iat, admitSeconds = null) {
  const claims = { iss: party, aud: agreement.id, terms: agreement.terms, iat, jti: newId() };
  return admitSeconds === null ? claims : { ...claims, admit_by: iat + admitSeconds };
}
