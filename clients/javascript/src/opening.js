// Openings: the service's first word on a stream, to this party and about this very request.
import { serviceKeys } from "./agreement.js";
import { isDigest } from "./encoding.js";
import { seconds, SECOND } from "./instant.js";
import { characters, isText } from "./json.js";
import { readPosition } from "./position.js";
import { ensure } from "./refusal.js";
import { checkClaims, KINDS, open } from "./statement.js";

const CLOCKS_S = 60n;

/** What `open` says, if it is said to `party` about the proof `request`; else a refusal. */
export function readOpening(text, agreements, party, request, now) {
  const { payload, kid } = open(
    text,
    KINDS.open,
    new Map(agreements.flatMap((agreement) => [...serviceKeys(agreement)])),
  );
  checkClaims(payload, false);
  const { iss, to, at, iat } = payload;
  ensure(
    iss === "service" && isText(to) && to.length > 0 && characters(to) <= 32,
    "claims",
    "iss is service, and to a party",
  );
  ensure(isDigest(payload.request), "claims", "request is a digest");
  readPosition(at);
  const signed = seconds(iat);
  const held = agreements.some(({ service }) =>
    service.keys.some(({ key, notBefore, notAfter }) => key.kid === kid && signed >= notBefore && signed <= notAfter));
  const off = now > signed ? now - signed : signed - now;
  const speaks =
    payload.aud === agreements[0].id && to === party && payload.request === request && held && off <= CLOCKS_S * SECOND;
  ensure(speaks, "unreachable", "not the hotline's word to this party about this request");
  return { to, request: payload.request, at };
}
