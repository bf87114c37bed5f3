// The operations of protocol/conformance: what the vectors ask, answered by this client's own modules.
import { readAcknowledgement } from "./acknowledgement.js";
import { checkSuccessor, partyKeys, readAgreement, readTerms, readUncertainty } from "./agreement.js";
import { Desk } from "./desk.js";
import { decode, digest } from "./encoding.js";
import { readInstant, writeInstant } from "./instant.js";
import { asNumber } from "./json.js";
import {
  keyFingerprint,
  publicKey,
  publicText,
  readJwk,
  readPublicText,
  readSecretText,
  secretText,
  signingKey,
} from "./keys.js";
import { readNotice } from "./notice.js";
import { readOpening } from "./opening.js";
import { Picture } from "./picture.js";
import { readReceipt } from "./receipt.js";
import { readProof } from "./request.js";
import { ensure, under } from "./refusal.js";
import { judge } from "./separation.js";
import { readSpent } from "./spent.js";
import { KINDS, make, open } from "./statement.js";
import { follow } from "./stream.js";
import { FILED, READ, readVolume } from "./volume.js";
import { readWithdrawal } from "./withdrawal.js";

const kindOf = (typ) => Object.values(KINDS).find((kind) => kind.typ === typ);
const byKid = (jwks) => new Map(jwks.map(readJwk).map((key) => [key.kid, key]));
const inForce = ({ agreements }) => partyKeys(readAgreement(agreements[0]));
const numbers = (minima) => Object.fromEntries(Object.entries(minima).map(([name, value]) => [name, asNumber(value)]));
const CLAIMS = ["iss", "aud", "terms", "iat", "jti", "admit_by"];
const WITHDRAWAL = [...CLAIMS, "notice", "revision", "prev"];
const ANSWERED = [
  "stage",
  "alert",
  "conflict",
  "version",
  "ours",
  "theirs",
  "ours_newest",
  "verdict",
  "officer",
  "read_back",
];
const ACKNOWLEDGEMENT = [...CLAIMS, ...ANSWERED];
const only = (names, payload) => Object.fromEntries(names.map((name) => [name, payload[name]]));
const forms = (key) => ({ kid: key.kid, jwk: key.jwk, public_text: publicText(key), fingerprint: keyFingerprint(key) });

function readSent(kind, text, keys) {
  if (kind === "notice") return readNotice(text, keys, true);
  return kind === "withdrawal" ? readWithdrawal(text, keys) : { kind, ...readAcknowledgement(text, keys) };
}

/** A statement of our own, whichever of the two kinds it is, as an alert case files it. */
const readFiled = (text, agreements) => {
  const keys = new Map(agreements.flatMap((agreement) => [...partyKeys(agreement)]));
  return readSent(text.includes("~") ? "notice" : "withdrawal", text, keys);
};

const PRECONDITIONS = { notice: "chain", withdrawal: "chain", acknowledgement: "compare_and_set" };

export const OPERATIONS = {
  "keys.make": ({ seed }) => {
    const key = signingKey(Buffer.from(seed, "hex"));
    return { ...forms(key.public), public: key.public.bytes.toString("hex"), secret_text: secretText(key) };
  },
  "keys.public": (question) => forms(publicKey(Buffer.from(question.public, "hex"))),
  "keys.text": ({ kind, text }) => {
    const key = kind === "public" ? readPublicText(text) : readSecretText(text).public;
    return { public: key.bytes.toString("hex") };
  },
  "kinds.read": ({ kind }) => {
    ensure(Object.hasOwn(KINDS, kind), "not_found", "no such kind");
    const { typ, role, limit, door, mediaType, event } = KINDS[kind];
    return {
      typ,
      role,
      max_payload_bytes: limit,
      media_type: mediaType,
      door,
      precondition: PRECONDITIONS[kind] ?? "none",
      event,
    };
  },
  "statements.open": ({ keys, typ, jws }) => {
    const { kid, sha256, payload } = open(jws, kindOf(typ), byKid(keys));
    return { kid, sha256, payload };
  },
  "statements.make": ({ seed, typ, payload }) => {
    const statement = make(signingKey(decode(seed)), { typ }, payload);
    return { statement, sha256: digest(statement) };
  },
  "agreement.read": ({ document, previous }) => {
    const { id, terms, revision, prev, fingerprint, signers, ...rest } = readAgreement(document);
    if (previous !== null) checkSuccessor(readAgreement(previous), { id, terms, revision, prev, ...rest });
    return { agreement: id, terms, revision, prev, fingerprint, signers };
  },
  "agreement.terms": ({ payload }) => ({ terms: readTerms(Buffer.from(payload)).terms }),
  "volumes.read": ({ volume, read }) => readVolume(volume, read ? READ : FILED) && true,
  "separation.judge": ({ uncertainty, a, b, a_minima: ours, b_minima: theirs }) =>
    judge(readVolume(a, FILED), numbers(ours), readVolume(b, FILED), numbers(theirs), readUncertainty(uncertainty)),
  "notices.read": ({ key, door, sd_jwt: text }) => {
    const notice = readNotice(text, byKid([key]), door === "submission", door === "submission" ? FILED : READ);
    const { revision, prev, category, callsign, remarks, sha256, submission, volumes } = notice;
    const starts = volumes.map(({ start }) => writeInstant(start));
    return {
      revision,
      prev,
      category: category ?? "",
      callsign,
      remarks,
      sha256,
      submission_sha256: submission,
      time_starts: starts,
    };
  },
  "withdrawals.read": (question) => only(WITHDRAWAL, readWithdrawal(question.statement, inForce(question)).payload),
  "acknowledgements.read": (question) =>
    only(ACKNOWLEDGEMENT, readAcknowledgement(question.statement, inForce(question)).payload),
  "receipts.read": ({ agreements, party, kind, statement, receipt }) => {
    const installed = agreements.map(readAgreement);
    const sent = under("evidence", () => readSent(kind, statement, partyKeys(installed[0])));
    ensure(sent.iss === party, "evidence", "sent by another party");
    return readReceipt(receipt, sent, installed);
  },
  "requests.read": ({ agreements, method, target, now, authorization }) =>
    readProof(authorization, method, target, readAgreement(agreements[0]), readInstant(now)),
  "openings.read": ({ agreements, to, request, now, opening }) =>
    readOpening(opening, agreements.map(readAgreement), to, request, readInstant(now)),
  "budgets.read": ({ agreements, statement }) => readSpent(statement, agreements.map(readAgreement)),
  "streams.follow": ({ cursor, text }) => follow(cursor, text),
  "alerts.take": ({ party, agreements, now, own, seen, object }) => {
    const picture = new Picture(party, agreements.map(readAgreement));
    for (const { statement, seq } of own) {
      const read = readFiled(statement, picture.agreements);
      picture.own.set(read.sha256, { ...read, seq });
    }
    for (const before of seen) picture.take(before, readInstant(now));
    const { standing, sha256 } = picture.take(object, readInstant(now)).held;
    return { standing, sha256 };
  },
  "transcript.play": ({ party, agreements, seed, steps }) => {
    const alarms = [];
    const desk = new Desk(party, agreements, (alarm) => alarms.push(alarm));
    signingKey(decode(seed));
    return steps.map((step) => {
      alarms.length = 0;
      const lost = playStep(desk, step);
      return {
        ...stateOf(desk),
        gap: desk.gap,
        lost,
        alarms: alarms.map(({ code }) => code).sort(),
        signs: signsOf(desk, step),
      };
    });
  },
};

function playStep(desk, step) {
  const now = readInstant(step.now);
  desk.gap = null;
  desk.judgeAgain(now);
  if (step.connect) desk.connect(step.connect.request);
  if (step.connect ?? step.stream) desk.feed((step.connect ?? step.stream).text, now);
  if (step.read) desk.read(step.read, now);
  if (step.sent) desk.sent({ kind: step.sent.statement.includes("~") ? "notice" : "withdrawal", ...step.sent }, now);
  if (step.install) desk.install(step.install.agreement, now);
  return Boolean(step.connect) && (desk.follower.lost || !desk.follower.opened);
}

function signsOf(desk) {
  return desk.unsigned().map(({ record, verdict, oursNewest }) => {
    record.signed = true;
    const { version, conflict, own, other } = record.newest.alert.payload;
    return {
      conflict,
      version,
      alert: record.newest.sha256,
      ours: own.sha256,
      theirs: other.sha256,
      ours_newest: oursNewest,
      verdict,
    };
  });
}

function stateOf(desk) {
  const conflicts = [...desk.shown.conflicts.values()]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, held, newest, answers }) => ({
      conflict: id,
      version: held?.version ?? null,
      state: held?.standing ?? null,
      severity: held?.alert.payload.severity ?? null,
      newest: newest.version,
      verdict: newest.verdict,
      answers: Object.fromEntries([...answers].map(([stage, { verdict }]) => [stage, verdict])),
    }));
  const notices = desk.newestOwn().map(({ id, kind, revision }) => ({
    notice: id, revision, state: desk.lost.has(id) ? "lost" : kind === "withdrawal" ? "withdrawn" : "live",
  }));
  return { position: desk.cursor, conflicts, notices };
}
