// Request proofs: who asks, for what, when. A desk makes them; reading is here for the vectors.
import { checkKeyAt, partyKeys } from "./agreement.js";
import { digest } from "./encoding.js";
import { seconds, SECOND } from "./instant.js";
import { isText } from "./json.js";
import { ensure } from "./refusal.js";
import { checkClaims, KINDS, make, newClaims, open } from "./statement.js";

const SCHEME = "Keepclear ";
const CLOCKS_S = 30n;

/** The Authorization header for a request, and the identity of its proof. */
export function makeProof(key, party, agreement, method, target, now) {
  const claims = newClaims(party, agreement, Number(now / SECOND));
  const text = make(key, KINDS.request, { ...claims, htm: method, htu: agreement.service.origin + target });
  return { authorization: SCHEME + text, sha256: digest(text) };
}

/** Who reads what, at the instant `now`. Whether its jti was spent only a store can tell. */
export function readProof(header, method, target, agreement, now) {
  ensure(isText(header) && header.startsWith(SCHEME), "not_authenticated", "Keepclear and one space");
  const { payload, kid } = open(header.slice(SCHEME.length), KINDS.request, partyKeys(agreement));
  checkClaims(payload, false);
  ensure(isText(payload.htm) && isText(payload.htu), "claims", "htm and htu are texts");
  const entry = agreement.operational.get(kid);
  const asked = target.replace(/^([^?]*)\?$/, "$1"); // an empty query is none
  const isOpen = asked === "/v1/agreement";
  ensure(payload.iss === entry.party, "wrong_party", "the issuer is not whose key signed");
  ensure(payload.aud === agreement.id, "wrong_agreement", "of another agreement");
  checkKeyAt(entry, now, isOpen ? null : "watch");
  ensure(isOpen || payload.terms === agreement.terms, "wrong_terms", "not the terms in force");
  ensure(
    payload.htm === method && payload.htu === agreement.service.origin + asked,
    "proof_request",
    "of another request",
  );
  const age = now - seconds(payload.iat);
  ensure(age <= CLOCKS_S * SECOND && age >= -CLOCKS_S * SECOND, "proof_expired", "more than 30 s off");
  return { iss: payload.iss, kid, htu: payload.htu };
}
