// Agreements: a document that all roots and the service signed, what it says, and what may follow it.
import { isName } from "./characters.js";
import { decode, digest, isDigest } from "./encoding.js";
import { readInstant } from "./instant.js";
import { asNumber, hasExactly, inBounds, isNumber, isObject, isText, isWhole, parse } from "./json.js";
import { agreementFingerprint, readJwk, verifies } from "./keys.js";
import { isOrigin } from "./origin.js";
import { FILED, readOutline } from "./volume.js";
import { ensure, refuse, under } from "./refusal.js";
import { header, KINDS } from "./statement.js";

export const DOCUMENT_LIMIT = 262_144;
const YEAR_S = 31_622_400;
const TEXT_ID = /^[a-z][a-z0-9-]{0,31}$/;
const CATEGORY = /^[a-z][a-z0-9_-]{0,31}$/;
const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/;
const ROLES = ["submit", "acknowledge", "watch", "admin"];
const LIMITS = {
  area_km2: 255_000_000, band_m: 308_000, duration_s: YEAR_S, horizon_s: YEAR_S, volumes: 500, vertices: 5000,
  submission_bytes: 524_288, revisions: 1_000_000,
};

const BUDGETS = {
  live_notices: 1_000_000, submits_a_minute: 1_000_000, acknowledgements_a_minute: 1_000_000,
  stored_bytes: 1_000_000_000_000, pairs_an_hour: 1_000_000_000_000, alerts_an_hour: 1_000_000_000,
  volume_time_a_day: 1_000_000_000_000_000, streams: 10_000, least_area_m2: 1_000_000_000, least_band_m: 10_000,
  least_duration_s: 86_400, speed_m_s: 100_000,
};

const need = (holds, what) => ensure(holds, "agreement", what);
const whole = (value, least, most, what) =>
  need(isWhole(value) && value >= least && value <= most, `${what}: ${least} to ${most}`);
const number = (value, least, most, what) => {
  need(isNumber(value) && inBounds(value, least, most), `${what}: ${least} to ${most}`);
  return asNumber(value);
};
const list = (value, least, most, what) =>
  need(Array.isArray(value) && value.length >= least && value.length <= most, what);

const checkName = (value, what) => need(isName(value), `${what}: a name of 1 to 80 characters that can be seen`);

const time = (text) => under("agreement", () => readInstant(text));
const LATEST = readInstant("9000-01-01T00:00:00Z");

function readSpan(entry) {
  const [from, to] = [time(entry.not_before), time(entry.not_after)];
  need(from < to && to <= LATEST, "not_before is before not_after, and that before the year 9000");
  return { notBefore: from, notAfter: to };
}

function readPartyKey(entry, party) {
  const names = [
    "key",
    "roles",
    "not_before",
    "not_after",
    ...(isObject(entry) && "revoked_at" in entry ? ["revoked_at"] : []),
  ];
  need(hasExactly(entry, names), "a key's members");
  const { roles } = entry;
  list(roles, 1, ROLES.length, "roles");
  need(roles.every((role) => ROLES.includes(role)) && new Set(roles).size === roles.length, "roles, each once");
  const revokedAt = "revoked_at" in entry ? time(entry.revoked_at) : null;
  return { key: readJwk(entry.key), party, roles, ...readSpan(entry), revokedAt };
}

function readParty(entry) {
  need(hasExactly(entry, ["id", "names", "root", "keys"]), "a party's members");
  need(isText(entry.id) && TEXT_ID.test(entry.id) && entry.id !== "service", "a party's id");
  need(isObject(entry.names), "a party's names");
  const languages = Object.keys(entry.names);
  list(languages, 1, 32, "1 to 32 names");
  for (const tag of languages) {
    need(LANGUAGE.test(tag), "a language tag");
    checkName(entry.names[tag], "a party's name");
  }
  list(entry.keys, 1, 64, "1 to 64 keys");
  return {
    id: entry.id,
    names: entry.names,
    root: readJwk(entry.root),
    keys: entry.keys.map((key) => readPartyKey(key, entry.id)),
  };
}

function readService(entry) {
  need(hasExactly(entry, ["origin", "keys"]), "the service's members");
  need(isOrigin(entry.origin), "an origin in its one spelling");
  list(entry.keys, 1, 64, "1 to 64 keys of the service");
  return {
    origin: entry.origin,
    keys: entry.keys.map((key) => {
      need(hasExactly(key, ["key", "not_before", "not_after"]), "a service key's members");
      return { key: readJwk(key.key), ...readSpan(key) };
    }),
  };
}

function readCategories(entries) {
  need(isObject(entries), "categories");
  list(Object.keys(entries), 1, 64, "1 to 64 categories");
  return new Map(Object.entries(entries).map(([name, entry]) => {
    need(CATEGORY.test(name), "a category's name");
    need(hasExactly(entry, ["horizontal_m", "vertical_m", "lead_s", "tail_s"]), "a category's members");
    whole(entry.lead_s, 0, 604_800, "lead_s");
    whole(entry.tail_s, 0, 604_800, "tail_s");
    return [name, {
      horizontal_m: number(entry.horizontal_m, 0, 500_000, "horizontal_m"),
      vertical_m: number(entry.vertical_m, 0, 100_000, "vertical_m"), lead_s: entry.lead_s, tail_s: entry.tail_s,
    }];
  }));
}

/** The bounds of R-058, each [lowest, highest]. */
export function readUncertainty(entry) {
  const names = ["geoid_undulation_m", "pressure_error_m", "terrain_m"];
  need(hasExactly(entry, names), "uncertainty");
  return Object.fromEntries(names.map((name) => {
    list(entry[name], 2, 2, `${name}: [lowest, highest]`);
    const [low, high] = entry[name].map((bound) => number(bound, -20_000, 20_000, name));
    need(low <= high, `${name}: the lowest first`);
    return [name, [low, high]];
  }));
}

function readNumbers(entry, atMost, what) {
  need(hasExactly(entry, Object.keys(atMost)), what);
  for (const [name, most] of Object.entries(atMost)) whole(entry[name], 1, most, name);
}

function readArea(area) {
  if (area === null) return null;
  need(isObject(area) && Object.keys(area).length === 1, "an area is null or one outline");
  return under("agreement", () => readOutline(area, FILED));
}

const MEMBERS = [
  "name",
  "revision",
  "prev",
  "parties",
  "service",
  "rules",
  "area",
  "categories",
  "uncertainty",
  "lead_classes",
  "limits",
  "retention_s",
  "deadlines",
];

/** What a payload says, by. */
export function readTerms(payload) {
  const value = under("agreement", () => parse(payload, KINDS.agreement.limit));
  need(isObject(value), "a payload is an object");
  ensure(!("crit" in value), "crit", "names a critical member, and this version knows none");
  for (const name of MEMBERS) need(name in value, `without ${name}`);
  checkName(value.name, "name");
  whole(value.revision, 1, 1_000_000, "revision");
  const first = value.revision === 1;
  need(first ? value.prev === null : isDigest(value.prev), "prev: null at revision 1, then a digest");
  need(first ? !("agreement" in value) : isDigest(value.agreement), "agreement: from revision 2 and not before");
  const former = "former_roots" in value ? value.former_roots : [];
  if ("former_roots" in value) list(former, 1, 32, "former_roots: 1 to 32");
  need(first ? former.length === 0 : true, "former_roots of a successor alone");
  list(value.parties, 2, 32, "2 to 32 parties");
  const terms = digest(payload);
  const agreement = under("agreement", () => ({
    bytes: payload,
    terms,
    id: first ? terms : value.agreement,
    name: value.name,
    revision: value.revision,
    prev: value.prev,
    formerRoots: former.map(readJwk),
    parties: value.parties.map(readParty),
    service: readService(value.service),
    area: readArea(value.area),
    categories: readCategories(value.categories),
    uncertainty: readUncertainty(value.uncertainty),
    leadClasses: value.lead_classes,
    limits: value.limits,
    fingerprint: agreementFingerprint(payload),
  }));
  need(value.rules === "1", "rules");
  need(hasExactly(value.lead_classes, ["routine_s", "short_s"]), "lead_classes");
  whole(value.lead_classes.routine_s, 1, YEAR_S, "routine_s");
  whole(value.lead_classes.short_s, 1, value.lead_classes.routine_s, "short_s");
  readNumbers(value.limits, LIMITS, "limits");
  if ("budgets" in value) readNumbers(value.budgets, BUDGETS, "budgets");
  whole(value.retention_s, 1, YEAR_S, "retention_s");
  need(hasExactly(value.deadlines, ["acknowledge_s"]), "deadlines");
  whole(value.deadlines.acknowledge_s, 1, 86_400, "acknowledge_s");
  need(new Set(agreement.parties.map(({ id }) => id)).size === agreement.parties.length, "each party once");
  const owners = keysByPurpose(agreement);
  const kids = [...owners.map(([kid]) => kid), ...agreement.formerRoots.map(({ kid }) => kid)];
  need(new Set(kids).size === kids.length, "a key stands once");
  agreement.operational = new Map(agreement.parties.flatMap(({ keys }) => keys.map((entry) => [entry.key.kid, entry])));
  return agreement;
}

/** Every key but former roots, as [kid, owner and purpose]. */
function keysByPurpose({ parties, service }) {
  return [
    ...parties.flatMap(({ id, root, keys }) => [
      [root.kid, `${id} root`],
      ...keys.map(({ key }) => [key.kid, `${id} operational`]),
    ]),
    ...service.keys.map(({ key }) => [key.kid, "service operational"]),
  ];
}

/** The keys that must sign, in order. */
const signers = ({ parties, service, formerRoots }) => [
  ...parties.map(({ root }) => root),
  service.keys[0].key,
  ...formerRoots,
];

/** A signed agreement from its document's bytes, or a refusal. */
export function readAgreement(document) {
  const text = Buffer.from(document);
  const value = under("agreement", () => parse(text, DOCUMENT_LIMIT));
  need(hasExactly(value, ["payload", "signatures"]), "a document has exactly payload and signatures");
  need(Array.isArray(value.signatures), "signatures are an array");
  const payload = decode(value.payload, "agreement");
  const signatures = value.signatures.map((entry) => {
    need(hasExactly(entry, ["protected", "signature"]), "a signature has exactly protected and signature");
    return [decode(entry.protected, "agreement"), decode(entry.signature, "agreement"), entry.protected];
  });
  const agreement = readTerms(payload);
  const expected = signers(agreement);
  const fail = "agreement_signatures";
  ensure(signatures.length === expected.length, fail, "not exactly the signatures that it needs");
  expected.forEach((key, index) => {
    const [head, signature, spelt] = signatures[index];
    ensure(
      head.equals(Buffer.from(header(key.kid, KINDS.agreement.typ))),
      fail,
      "a signature is not of whose turn it is",
    );
    ensure(verifies(key, Buffer.from(`${spelt}.${value.payload}`), signature), fail, "a signature does not verify");
  });
  return Object.assign(agreement, { document: text.toString(), signers: expected.map(({ kid }) => kid) });
}

/** Refuses `next` unless it follows `before` by R-026. */
export function checkSuccessor(before, next) {
  const fail = (holds, what) => ensure(holds, "agreement_successor", what);
  fail(
    next.id === before.id && next.revision === before.revision + 1 && next.prev === before.terms,
    "not the next revision of it",
  );
  const roots = new Set(next.parties.map(({ root }) => root.kid));
  const dropped = before.parties.map(({ root }) => root.kid).filter((kid) => !roots.has(kid));
  const former = next.formerRoots.map(({ kid }) => kid);
  fail(
    former.length === dropped.length && former.every((kid, index) => kid === dropped[index]),
    "former_roots are not those dropped",
  );
  for (const name of before.categories.keys()) fail(next.categories.has(name), `drops the category ${name}`);
  const purposes = new Map(keysByPurpose(before));
  for (const [kid, purpose] of keysByPurpose(next)) {
    fail((purposes.get(kid) ?? purpose) === purpose, "a key changes its owner or its purpose");
  }
  for (const [kid, { revokedAt }] of before.operational) {
    const after = next.operational.get(kid);
    if (after && revokedAt !== null)
      fail(after.revokedAt !== null && after.revokedAt <= revokedAt, "a revocation is undone or put off");
  }
}

/** The entry of that party's key, or undefined: by kid, or the party's whose key it is. */
export const partyOf = (agreement, id) => agreement.parties.find((party) => party.id === id);

/** Keys by kid that verify parties' statements, and those that verify the service's (R-015). */
export const partyKeys = ({ operational }) => new Map([...operational].map(([kid, { key }]) => [kid, key]));
export const serviceKeys = ({ service }) => new Map(service.keys.map(({ key }) => [key.kid, key]));

/** Refused unless the key may sign at that instant; `role` is null for the service's. */
export function checkKeyAt(entry, at, role = null) {
  if (!entry) refuse("not_authenticated", "no enrolled key");
  ensure(role === null || entry.roles.includes(role), "wrong_role", `the key lacks the role ${role}`);
  ensure(at >= entry.notBefore && at <= entry.notAfter, "key_not_valid", "the key is not valid at this time");
  ensure(entry.revokedAt == null || at < entry.revokedAt, "key_revoked", "the key was revoked");
}
