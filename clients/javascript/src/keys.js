// Keys: how they are written, named, read aloud, and what they sign. A seed is never printed but by
// secretText.
import { createPrivateKey, createPublicKey, randomBytes, sign as signBytes, verify as verifyBytes } from "node:crypto";
import { isPrimeOrderPoint } from "./curve.js";
import { base32, decode, digest, encode, sha256, sha512, unbase32 } from "./encoding.js";
import { hasExactly } from "./json.js";
import { ensure } from "./refusal.js";

const PUBLIC = "keepclear-public-1";
const SECRET = "KEEPCLEAR-SECRET-KEY-1";
const SEED_AS_PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
export const KEY_FILE_BYTES = 4096;
const NEUTRAL = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);

/** A public key from its 32 bytes: `bytes`, `x`, `kid`, `jwk`. Refused unless it is of the prime-order subgroup. */
export function publicKey(bytes) {
  ensure(isPrimeOrderPoint(bytes), "key", "not a usable Ed25519 public key");
  const x = encode(bytes);
  return {
    bytes: Buffer.from(bytes),
    x,
    jwk: { kty: "OKP", crv: "Ed25519", x },
    kid: digest(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`),
    handle: createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" }),
  };
}

export function readJwk(jwk) {
  const shaped = hasExactly(jwk, ["kty", "crv", "x"]) && jwk.kty === "OKP" && jwk.crv === "Ed25519";
  ensure(shaped, "key", "a JWK has exactly kty OKP, crv Ed25519, x");
  return publicKey(decode(jwk.x, "key"));
}

/** A signing key from its seed of 32 bytes. */
export function signingKey(seed = randomBytes(32)) {
  const handle = createPrivateKey({ key: Buffer.concat([SEED_AS_PKCS8, seed]), format: "der", type: "pkcs8" });
  const { x } = createPublicKey(handle).export({ format: "jwk" });
  return { seed, handle, public: publicKey(decode(x)) };
}

export const sign = (key, bytes) => signBytes(null, bytes, key.handle);

/** Whether the signature holds by R-008: OpenSSL compares R byte for byte and bounds S; a neutral R is refused here. */
export function verifies(key, bytes, signature) {
  return (
    signature.length === 64 &&
    !signature.subarray(0, 32).equals(NEUTRAL) &&
    verifyBytes(null, bytes, key.handle, signature)
  );
}

const withChecksum = (prefix, bytes) =>
  base32(Buffer.concat([bytes, sha256(Buffer.concat([Buffer.from(prefix), bytes])).subarray(0, 4)]));

export const publicText = (key) => PUBLIC + withChecksum(PUBLIC, key.bytes);
export const secretText = (key) => SECRET + withChecksum(SECRET, key.seed).toUpperCase();

function bytesOfText(prefix, text, lower) {
  ensure(typeof text === "string" && text.startsWith(prefix), "key", `a key text begins with ${prefix}`);
  const bytes = unbase32(lower(text.slice(prefix.length))).subarray(0, 32);
  return bytes;
}

export function readPublicText(text) {
  const bytes = bytesOfText(PUBLIC, text, (rest) => rest);
  ensure(
    PUBLIC + withChecksum(PUBLIC, bytes) === text,
    "key",
    "not the one spelling of a public key, or its checksum differs",
  );
  return publicKey(bytes);
}

export function readSecretText(text) {
  const seed = bytesOfText(SECRET, text, (rest) => rest.toLowerCase());
  const spelt = SECRET + withChecksum(SECRET, seed).toUpperCase() === text;
  ensure(spelt && seed.length === 32, "key", "not the one spelling of a secret key, or its checksum differs");
  return signingKey(seed);
}

/** The signing key in a key file: one line that is neither blank nor a comment. */
export function readKeyFile(bytes) {
  ensure(bytes.length <= KEY_FILE_BYTES, "key", "a key file is at most 4 096 bytes");
  const lines = bytes.toString("utf8").replace(/^\ufeff/, "").split(/\r\n|\n|\r/).map((line) => line.trim());
  const said = lines.filter((line) => line !== "" && !line.startsWith("#"));
  ensure(said.length === 1, "key", "exactly one key stands in a key file");
  return readSecretText(said[0]);
}

function fingerprint(label, bytes, count) {
  const number = BigInt(`0x${sha512(sha256(Buffer.concat([Buffer.from(label), bytes]))).toString("hex")}`);
  const digits = String(number % 10n ** BigInt(count)).padStart(count, "0");
  return digits.match(/.{5}/g).join(" ");
}

export const keyFingerprint = (key) => fingerprint("keepclear key ", key.bytes, 30);
export const agreementFingerprint = (payload) => fingerprint("keepclear agreement ", payload, 60);
