// Acknowledgements: "received, read, understood", never "approved".
import { isDigest } from "./encoding.js";
import { isName } from "./characters.js";
import { isWhole } from "./json.js";
import { ensure } from "./refusal.js";
import { checkClaims, KINDS, make, open } from "./statement.js";

const STAGES = ["delivered", "displayed", "acknowledged"];
export const VERDICTS = [
  "verified",
  "evidence",
  "rollback",
  "wrong_terms",
  "recompute",
  "over_disclosed",
  "closed_without_cause",
  "category"
];

const isOfficer = (value) => isName(value, 64);

export function readAcknowledgement(text, keys) {
  const { payload, kid, sha256 } = open(text, KINDS.acknowledgement, keys);
  checkClaims(payload, true);
  const { stage, verdict, version, officer } = payload;
  ensure(STAGES.includes(stage), "claims", "an unknown stage");
  const digests = ["alert", "conflict", "ours", "theirs", "ours_newest"];
  ensure(digests.every((name) => isDigest(payload[name])), "claims", `${digests.join(", ")} are digests`);
  ensure(isWhole(version) && version >= 1, "claims", "version is a whole number from 1");
  ensure(VERDICTS.includes(verdict), "claims", "an unknown verdict");
  ensure(
    officer === null ? stage === "delivered" : isOfficer(officer),
    "claims",
    "officer: 1 to 64 printable characters",
  );
  ensure(payload.read_back === null || isDigest(payload.read_back), "claims", "read_back is a digest or null");
  return { ...payload, payload, text, kid, sha256 };
}

/** Answers the alert that `standing` (of the desk's picture) is of. */
export function makeAcknowledgement(
  key,
  claims,
  { alert, stage, verdict, oursNewest, officer = null, readBack = null },
) {
  const { conflict, version, own, other } = alert.payload;
  return make(key, KINDS.acknowledgement, {
    ...claims,
    stage,
    alert: alert.sha256,
    conflict,
    version,
    ours: own.sha256,
    theirs: other.sha256,
    ours_newest: oursNewest,
    verdict,
    officer,
    read_back: readBack,
  });
}
