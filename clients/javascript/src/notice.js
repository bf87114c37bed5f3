// Notices: SD-JWTs of volumes and properties, as submitted and as shown to a counterpart.
import { randomBytes, randomInt } from "node:crypto";
import { decode, digest, encode, isDigest, isId, newId } from "./encoding.js";
import { characters, hasExactly, isObject, isText, isWhole, parse } from "./json.js";
import { ensure, under } from "./refusal.js";
import { checkClaims, KINDS, make as makeStatement, open } from "./statement.js";
import { readVolume } from "./volume.js";

const CATEGORY = /^[a-z][a-z0-9_-]{0,31}$/;
const CALLSIGN = /^[A-Z0-9][A-Z0-9-]{0,15}$/;
export const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/u;
const COUNTS = [16, 32, 64, 128, 256, 512];
const MEMBERS = ["iss", "aud", "terms", "iat", "jti", "admit_by", "notice", "revision", "volumes", "_sd", "_sd_alg"];
const PROPERTIES = 8;
const HIDING = ["_sd", "_sd_alg", "..."];

const isRemarks = (value) =>
  isText(value) &&
  characters(value) >= 1 &&
  characters(value) <= 280 &&
  value.normalize("NFC") === value &&
  !UNPRINTABLE.test(value);

const SOUND = {
  category: (value) => isText(value) && CATEGORY.test(value),
  callsign: (value) => isText(value) && CALLSIGN.test(value),
  remarks: isRemarks,
};

/** Checks what stands in the open, and tells the digests of volumes and properties. */
function readSigned(payload) {
  checkClaims(payload, true);
  for (const name of MEMBERS) ensure(name in payload, "notice", `without ${name}`);
  ensure(isId(payload.notice), "claims", "a notice's id is 128 bits in their one spelling");
  ensure(isWhole(payload.revision) && payload.revision >= 1, "claims", "a revision is a whole number from 1");
  ensure("prev" in payload === payload.revision > 1, "notice", "prev stands from revision 2 on and not before");
  if ("prev" in payload) ensure(isDigest(payload.prev), "claims", "prev is a digest");
  ensure(
    hasExactly(payload, "prev" in payload ? [...MEMBERS, "prev"] : MEMBERS),
    "notice",
    "has a member that it must not have",
  );
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
  const digests = volumes.map((entry) => entry["..."]);
  const all = [...digests, ...properties];
  ensure(new Set(all).size === all.length, "disclosure_repeated", "a digest stands twice");
  ensure(properties.every((value, index) => index === 0 || properties[index - 1] < value), "notice", "_sd is sorted");
  return { digests: new Set(digests), properties: new Set(properties) };
}

function hides(value) {
  if (Array.isArray(value)) return value.some(hides);
  return isObject(value) && Object.entries(value).some(([name, inner]) => HIDING.includes(name) || hides(inner));
}

/** One disclosure: `salt`, `isVolume`, `value`, `name` (of a property) and `digest`. */
function readDisclosure(text, signed) {
  ensure(!/[^\x00-\x7f]/.test(text), "disclosure", "a disclosure is ASCII");
  const own = digest(text);
  const isVolume = signed.digests.has(own);
  ensure(isVolume || signed.properties.has(own), "disclosure_unmatched", "a disclosure that nobody signed");
  const value = under("disclosure", () => parse(decode(text, "disclosure")));
  ensure(
    Array.isArray(value) && value.length === (isVolume ? 2 : 3),
    "disclosure",
    "[salt, volume] or [salt, name, value], each in its place",
  );
  ensure(isId(value[0]), "disclosure", "a salt is 128 bits in their one spelling");
  ensure(!hides(value.at(-1)), "disclosure", "a value hides digests");
  return { salt: value[0], isVolume, name: value[1], value: value.at(-1), digest: own };
}

function readDisclosures(texts, signed, submission) {
  ensure(new Set(texts).size === texts.length, "disclosure_repeated", "a disclosure stands twice");
  const all = texts.map((text) => readDisclosure(text, signed));
  ensure(new Set(all.map(({ salt }) => salt)).size === all.length, "disclosure", "a salt stands twice");
  const properties = all.filter(({ isVolume }) => !isVolume);
  const manifests = properties.filter(({ name }) => name === "manifest");
  if (submission) {
    ensure(manifests.length === 1 && all.at(-1) === manifests[0], "manifest", "exactly one manifest, and it is last");
    const listed = digest(texts.slice(0, -1).map((text) => `${text}~`).join(""));
    ensure(manifests[0].value === listed, "manifest", "not over what was sent");
  }
  const others = properties.filter(({ name }) => name !== "manifest");
  ensure(
    submission || (manifests.length === 0 && others.every(({ name }) => name === "category")),
    "disclosure",
    "shows more than it may",
  );
  for (const { name, value } of others)
    ensure(
      isText(name) && Object.hasOwn(SOUND, name) && SOUND[name](value),
      "disclosure",
      "no such property, or value",
    );
  const byName = Object.fromEntries(others.map(({ name, value }) => [name, value]));
  ensure(Object.keys(byName).length === others.length, "disclosure_repeated", "a property stands twice");
  return { volumes: all.filter(({ isVolume }) => isVolume), properties: byName };
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
 * through.
 */
export function readNotice(text, keys, submission) {
  const [jwt, rest] = shown(text);
  const statement = open(jwt, KINDS.notice, keys);
  const { payload } = statement;
  const signed = readSigned(payload);
  ensure(rest === "" || rest.endsWith("~"), "disclosure", "an SD-JWT ends in ~");
  const texts = rest === "" ? [] : rest.slice(0, -1).split("~");
  const { volumes, properties } = readDisclosures(texts, signed, submission);
  if (submission || volumes.length) {
    ensure("category" in properties && volumes.length, "disclosure_missing", "without a volume or a category");
  }
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
    category: properties.category ?? null,
    callsign: properties.callsign ?? null,
    remarks: properties.remarks ?? null,
    volumes: volumes.map(({ value, digest: own }) => ({ ...readVolume(value), digest: own, signed: value })),
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
