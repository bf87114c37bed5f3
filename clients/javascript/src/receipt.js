// Receipts (R-083 to R-085): the service's word that what was sent is durable, logged and matched.
import { serviceKeys } from "./agreement.js";
import { digest, isDigest, isId } from "./encoding.js";
import { readInstant, SECOND } from "./instant.js";
import { isText, isWhole } from "./json.js";
import { ensure, under } from "./refusal.js";
import { checkClaims, KINDS, open } from "./statement.js";

const LEADS = ["RETROACTIVE", "IN_PROGRESS", "ROUTINE", "SHORT", "LATE"];
const FILED = ["notice", "withdrawal", "acknowledgement"];

/** The receipt for `sent` (kind, iss, id or jti, revision, sha256, submission, terms), or a refusal with `evidence`. */
export function readReceipt(text, sent, agreements) {
  const fail = (holds, what) => ensure(holds, "evidence", what);
  const keys = new Map(agreements.flatMap((agreement) => [...serviceKeys(agreement)]));
  const payload = under("evidence", () => {
    const statement = open(text, KINDS.receipt, keys);
    checkClaims(statement.payload, false);
    return statement.payload;
  });
  const { kind, revision, seq, epoch, lead } = payload;
  fail(payload.iss === "service" && FILED.includes(kind), "not a receipt of the service's");
  fail(isWhole(seq) && seq >= 1 && isText(epoch) && /^[0-9a-f]{32}$/.test(epoch), "seq or epoch");
  fail(isDigest(payload.sha256) && isId(payload.id), "sha256 or id");
  fail(kind === "acknowledgement" ? revision === null : isWhole(revision) && revision >= 1, "revision");
  fail(
    kind === "notice"
      ? isDigest(payload.submission) && LEADS.includes(lead)
      : payload.submission === null && lead === null,
    "submission or lead",
  );
  const receivedAt = under("evidence", () => readInstant(payload.received_at));
  fail(receivedAt / SECOND === BigInt(payload.iat), "iat is not the second of received_at");
  fail(payload.jti === `${digest(`["${epoch}",${seq}]`).slice(0, 21)}A`, "jti is not that of its entry");
  fail(payload.aud === agreements[0].id && payload.terms === sent.terms, "of another agreement, or terms");
  fail(
    kind === sent.kind && payload.party === sent.iss && payload.sha256 === sent.sha256,
    "of something else than was sent",
  );
  fail(
    payload.submission === (sent.submission ?? null) && revision === (sent.revision ?? null),
    "of another submission",
  );
  fail(payload.id === (kind === "acknowledgement" ? sent.payload.jti : sent.id), "of another id");
  return {
    kind,
    party: payload.party,
    id: payload.id,
    revision,
    sha256: payload.sha256,
    submission: payload.submission,
    seq,
    epoch,
    lead,
    received_at: payload.received_at,
  };
}
