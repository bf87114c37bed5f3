// Alerts as they are written (R-066 to R-070): the statement and its members' types. What they prove is checked
// elsewhere.
import { digest, isDigest, isId } from "./encoding.js";
import { readInstant } from "./instant.js";
import { hasExactly, isText, isWhole } from "./json.js";
import { ensure, under } from "./refusal.js";
import { checkClaims, KINDS, open, peek } from "./statement.js";
import { serviceKeys } from "./agreement.js";

const STATES = ["open", "closed", "past"];
const REASONS = ["withdrawn", "amended", "ended", "terms"];
const PAIR = [
  "own",
  "other",
  "severity",
  "horizontal_m",
  "vertical_m",
  "time_start",
  "time_end",
  "altitude_lower_m",
  "altitude_upper_m",
  "reference",
];
const CODE = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The id of the conflict of two notices, each [issuer, id]. */
export function conflictId(agreementId, one, two) {
  const [first, second] = [one, two].sort(([a, b], [c, d]) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1));
  return digest(JSON.stringify([agreementId, [first, second]]));
}

/** The jti of an alert. */
export const alertJti = (conflict, version, to) => `${digest(JSON.stringify([conflict, version, to])).slice(0, 21)}A`;

/** Six symbols to name an id by voice, from its first 30 bits. */
export function spokenCode(id) {
  const bits = Buffer.from(id, "base64url").readUInt32BE(0) >>> 2;
  const symbols = [25, 20, 15, 10, 5, 0].map((shift) => CODE[(bits >>> shift) & 31]).join("");
  return `${symbols.slice(0, 3)}-${symbols.slice(3)}`;
}

const need = (holds, what) => ensure(holds, "evidence", what);
const isSorted = (digests) => digests.every((value, index) => index === 0 || digests[index - 1] < value);
const areDigests = (value) => Array.isArray(value) && value.every(isDigest) && isSorted(value);
const instant = (text) => under("evidence", () => readInstant(text));

function checkSide(side, what) {
  need(side !== null && typeof side === "object", `${what} is an object`);
  need(
    isText(side.party) && isId(side.id) && isWhole(side.revision) && side.revision >= 1 && isDigest(side.sha256),
    `${what}'s members`,
  );
  instant(side.received_at);
}

function checkPair(pair) {
  need(hasExactly(pair, PAIR), "a pair's members");
  need(
    isDigest(pair.own) &&
      isDigest(pair.other) &&
      isText(pair.severity) &&
      isText(pair.reference),
    "a pair's members",
  );
  need(
    ["horizontal_m", "vertical_m", "altitude_lower_m", "altitude_upper_m"].every((name) => isWhole(pair[name])),
    "a pair's figures",
  );
  instant(pair.time_start);
  instant(pair.time_end);
}

function checkMembers(payload) {
  const { state, reason, severity, lead } = payload;
  need(payload.iss === "service" && isText(payload.to) && isDigest(payload.conflict), "iss, to, conflict");
  need(
    isWhole(payload.version) && payload.version >= 1 && STATES.includes(state) && isText(payload.rules),
    "version, state, rules",
  );
  need(state === "closed" ? REASONS.includes(reason) : reason === null, "a reason stands exactly with closed");
  need(state === "open" ? isText(severity) : severity === null, "a severity stands exactly with open");
  need(lead === null || isText(lead), "a lead class, or null");
  checkSide(payload.own, "own");
  checkSide(payload.other, "other");
  need(areDigests(payload.disclosed) && areDigests(payload.shown), "disclosed and shown are sorted digests");
  need(Array.isArray(payload.pairs), "pairs are an array");
  payload.pairs.forEach(checkPair);
}

/**
 * An alert object whose statement a key of the service's signed that was valid at `at` (R-074, step 1): `sha256`,
 * `payload`, `at`, `presentation`, `cause`, and `rank`, the place of its terms among `agreements`, -1 if not installed.
 */
export function readAlert(object, agreements) {
  need(hasExactly(object, ["alert", "presentation", "cause"]), "an alert object has exactly three members");
  const texts = [object.presentation, object.cause];
  need(texts.every((text) => text === null || isText(text)), "presentation and cause are texts or null");
  return under("evidence", () => {
    const terms = peek(object.alert, KINDS.alert).terms;
    const rank = agreements.findIndex((agreement) => agreement.terms === terms);
    const listing = rank < 0 ? agreements.slice(-1) : agreements.slice(rank);
    const { payload, kid, sha256 } = open(
      object.alert,
      KINDS.alert,
      new Map(listing.flatMap((agreement) => [...serviceKeys(agreement)])),
    );
    checkClaims(payload, false);
    checkMembers(payload);
    const at = instant(payload.at);
    const valid = listing.some(({ service }) =>
      service.keys.some(({ key, notBefore, notAfter }) => key.kid === kid && at >= notBefore && at <= notAfter));
    need(valid, "the key was not valid at that time");
    return {
      object,
      text: object.alert,
      sha256,
      payload,
      at,
      rank,
      presentation: object.presentation,
      cause: object.cause,
    };
  });
}
