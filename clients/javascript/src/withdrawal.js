// Withdrawals: the end of a notice's id.
import { isDigest, isId } from "./encoding.js";
import { isWhole } from "./json.js";
import { ensure } from "./refusal.js";
import { checkClaims, KINDS, make, open } from "./statement.js";

export function readWithdrawal(text, keys) {
  const { payload, kid, sha256 } = open(text, KINDS.withdrawal, keys);
  checkClaims(payload, true);
  const sound = isId(payload.notice) && isWhole(payload.revision) && payload.revision >= 2 && isDigest(payload.prev);
  ensure(sound, "claims", "notice, revision from 2 and prev");
  const { iss, aud, terms, notice: id, revision, prev } = payload;
  return { kind: "withdrawal", text, payload, kid, sha256, iss, aud, terms, id, revision, prev };
}

/** Withdraws the notice whose newest revision, as read, is `before`. */
export const makeWithdrawal = (key, claims, before) =>
  make(key, KINDS.withdrawal, { ...claims, notice: before.id, revision: before.revision + 1, prev: before.sha256 });
