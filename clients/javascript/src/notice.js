// Notices: SD-JWTs of volumes and properties, as submitted and as shown to a counterpart.
import { randomBytes, randomInt } from "node:crypto";
import { isRemarks } from "./characters.js";
import { decode, digest, encode, isDigest, isId, newId } from "./encoding.js";
import { hasExactly, isObject, isText, isWhole, parse } from "./json.js";
import { ensure, under } from "./refusal.js";
import { checkClaims, KINDS, make as makeStatement, open } from "./statement.js";
import { READ, readVolume } from "./volume.js";

const CATEGORY = /^[a-z][a-z0-9_-]{0,31}$/;
const CALLSIGN = /^[A-Z0-9][A-Z0-9-]{0,15}$/;
const COUNTS = [16, 32, 64, 128, 256, 512];
const MEMBERS = ["iss", "aud", "terms", "iat", "jti", "admit_by", "notice", "revision", "volumes", "_sd", "_sd_alg"];
const PROPERTIES = 8;
const MOST_VOLUMES = 500;
const MOST_VERTICES = 5000;
const HIDING = ["_sd", "_sd_alg", "..."];

const SOUND = {
  category: (value) => isText(value) && CATEGORY.test(value),
  callsign: (value) => isText(value) && CALLSIGN.test(value),
  remarks: isRemarks,
};

/** Checks what stands in the open, and tells the digests of volumes and properties. */
function readSigned(payload) {
  checkClaims(payload, true);
  ensure(isWhole(payload.revision) && payload.revision >= 1, "claims", "a revision is a whole number from 1");
  const members = payload.revision > 1 ? [...MEMBERS, "prev"] : MEMBERS;
  ensure(hasExactly(payload, members), "notice", "not exactly the members of a notice; prev stands from revision 2 on");
  ensure(isId(payload.notice), "claims", "a notice's id is 128 bits in their one spelling");
  ensure(!("prev" in payload) || isDigest(payload.prev), "claims", "prev is a digest");
  const { volumes, _sd: properties } = payload;
  ensure(payload._sd_alg === "sha-256", "notice", "_sd_alg is sha-256");
  ensure(
    Array.isArray(volumes) && COUNTS.includes(volumes.length),
    "notice",
    "volumes are 16 to 512 digests, a power of two",
  );
  ensure(
    volumes.every((entry) => hasExactly(entry, ["..."]) && isDigest(entry["..."])),
    "notice",
    "a volume is a digest alone",
  );
  ensure(
    Array.isArray(properties) && properties.length === PROPERTIES && properties.every(isDigest),
    "notice",
    "_sd is 8 digests",
  );
  const sorted = properties.every((value, index) => index === 0 || properties[index - 1] <= value);
  ensure(sorted, "notice", "_sd is sorted");
  return { digests: volumes.map((entry) => entry["..."]), properties };
}

function hides(value) {
  if (Array.isArray(value)) return value.some(hides);
  return isObject(value) && Object.entries(value).some(([name, inner]) => HIDING.includes(name) || hides(inner));
}

/** One disclosure: `salt`, `isVolume`, `value`, `name` (of a property) and `digest`. */
function readDisclosure(text, { digests, properties }) {
  const own = digest(text);
  const isVolume = digests.has(own);
  ensure(isVolume || properties.has(own), "disclosure_unmatched", "a disclosure that nobody signed");
  const value = under("disclosure", () => parse(decode(text, "disclosure")));
  const shaped = Array.isArray(value) && value.length === (isVolume ? 2 : 3) && (isVolume || isText(value[1]));
  ensure(shaped, "disclosure", "[salt, volume] or [salt, name, value], each in its place");
  ensure(isId(value[0]), "disclosure", "a salt is 128 bits in their one spelling");
  ensure(!hides(value.at(-1)), "disclosure", "a value hides digests");
  return { salt: value[0], isVolume, name: value[1], value: value.at(-1), digest: own };
}

/** The disclosures in turn: none twice, each signed, no salt twice (R-041, step 3). */
function readInTurn(texts, signed) {
  const before = new Set();
  const salts = new Set();
  return texts.map((text) => {
    ensure(!before.has(text), "disclosure_repeated", "a disclosure stands twice");
    before.add(text);
    const disclosure = readDisclosure(text, signed);
    ensure(!salts.has(disclosure.salt), "disclosure", "a salt stands twice");
    salts.add(disclosure.salt);
    return disclosure;
  });
}

function checkManifest(all, texts) {
  const last = all.at(-1);
  const manifests = all.filter(({ isVolume, name }) => !isVolume && name === "manifest");
  ensure(manifests.length === 1 && last === manifests[0], "manifest", "exactly one manifest, and it is last");
  const listed = digest(texts.slice(0, -1).map((text) => `${text}~`).join(""));
  ensure(last.value === listed, "manifest", "not over what was sent");
}

function readProperties(properties, submission) {
  const byName = new Map();
  for (const { name, value } of properties) {
    ensure(!byName.has(name), "disclosure_repeated", "a property stands twice");
    ensure(submission || name === "category", "disclosure", "shows more than it may");
    const sound = Object.hasOwn(SOUND, name) && SOUND[name](value);
    ensure(sound || (submission && name === "manifest"), "disclosure", "no such property, or value");
    byName.set(name, value);
  }
  return byName;
}

/** What follows the JWT part: `volumes`, read by `bounds`, and `properties` by name. */
function readDisclosures(rest, signed, submission, bounds) {
  const ends = rest === "" || rest.endsWith("~");
  ensure(ends && !/[^\x00-\x7f]/.test(rest), "disclosure", "disclosures are ASCII, and end in ~");
  const [digests, properties] = [new Set(signed.digests), new Set(signed.properties)];
  const distinct = new Set([...digests, ...properties]).size;
  ensure(distinct === signed.digests.length + signed.properties.length, "disclosure_repeated", "a digest stands twice");
  const texts = rest === "" ? [] : rest.slice(0, -1).split("~");
  const all = readInTurn(texts, { digests, properties });
  if (submission) checkManifest(all, texts);
  const byName = readProperties(all.filter(({ isVolume }) => !isVolume), submission);
  const found = all.filter(({ isVolume }) => isVolume);
  ensure(byName.has("category") || (!submission && found.length === 0), "disclosure_missing", "without a category");
  ensure(found.length <= MOST_VOLUMES, "limit_volumes", "more volumes than a notice holds");
  const volumes = found.map(({ value, digest: own }) => ({ ...readVolume(value, bounds), digest: own, signed: value }));
  const vertices = volumes.reduce((sum, volume) => sum + volume.vertices, 0);
  ensure(vertices <= MOST_VERTICES, "limit_vertices", "more vertices than a notice holds");
  ensure(!submission || volumes.length, "disclosure_missing", "without a volume");
  return { volumes, properties: byName };
}

const shown = (text) => {
  const end = text.indexOf("~");
  ensure(end >= 0, "not_authenticated", "a JWT alone is no SD-JWT");
  return [text.slice(0, end), text.slice(end + 1)];
};

/** The JWT part of a notice, whose digest is its identity. */
export const jwtPart = (text) => shown(text)[0];

/**
 * A notice that verified under one of `keys`: `iss`, `id`, `revision`, `prev`, `sha256`, `terms`, `category`,
 * `callsign`, `remarks` and `volumes`, each a read volume with its `digest`. `submission` tells which door it comes
 * through, `bounds` (FILED or READ) by which its outlines are held.
 */
export function readNotice(text, keys, submission, bounds = READ) {
  const [jwt, rest] = shown(text);
  const statement = open(jwt, KINDS.notice, keys);
  const { payload } = statement;
  const { volumes, properties } = readDisclosures(rest, readSigned(payload), submission, bounds);
  return {
    kind: "notice",
    text,
    jwt,
    iss: payload.iss,
    aud: payload.aud,
    terms: payload.terms,
    kid: statement.kid,
    jti: payload.jti,
    id: payload.notice,
    revision: payload.revision,
    prev: payload.prev ?? null,
    sha256: statement.sha256,
    submission: submission ? digest(text) : null,
    category: properties.get("category") ?? null,
    callsign: properties.get("callsign") ?? null,
    remarks: properties.get("remarks") ?? null,
    volumes,
  };
}

const newDigest = () => digest(randomBytes(32));

function shuffle(items) {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [items[last], items[other]] = [items[other], items[last]];
  }
  return items;
}

/** A submission of these volumes, signed by `key`. `claims` are of newClaims; `before` is the read revision before. */
export function makeNotice(key, claims, { volumes, category, callsign = null, remarks = null, before = null }) {
  const disclose = (...parts) => encode(JSON.stringify([newId(), ...parts]));
  const shownVolumes = volumes.map((volume) => disclose(volume));
  const properties = Object.entries({ category, callsign, remarks }).filter(([, value]) => value !== null);
  const shownProperties = properties.map(([name, value]) => disclose(name, value));
  const sent = [...shuffle([...shownVolumes]), ...shownProperties];
  const manifest = disclose("manifest", digest(sent.map((text) => `${text}~`).join("")));
  const size = COUNTS.find((count) => count >= volumes.length);
  ensure(size, "limit_volumes", "more volumes than a notice holds");
  const padded = (texts, count) => [
    ...texts.map((text) => digest(text)),
    ...Array.from({ length: count - texts.length }, newDigest),
  ];
  const payload = {
    ...claims,
    notice: before?.id ?? newId(),
    revision: (before?.revision ?? 0) + 1,
    ...(before ? { prev: before.sha256 } : {}),
    volumes: shuffle(padded(shownVolumes, size)).map((own) => ({ "...": own })),
    _sd: padded([...shownProperties, manifest], PROPERTIES).sort(),
    _sd_alg: "sha-256",
  };
  return `${[makeStatement(key, KINDS.notice, payload), ...sent, manifest].join("~")}~`;
}
