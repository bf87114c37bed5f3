#!/usr/bin/env node
// The command line of the second client. Everything that it says is a line of JSON; what does not hold is said on
// standard error, and makes the exit code 1. An open conflict makes it 3.
import { parseArgs } from "node:util";
import { chmodSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { DOCUMENT_LIMIT, partyOf, readAgreement } from "../src/agreement.js";
import { spokenCode } from "../src/alert.js";
import { Hotline } from "../src/hotline.js";
import { readOrdinary } from "../src/files.js";
import { now, SECOND } from "../src/instant.js";
import { isObject, parse } from "../src/json.js";
import { Journal } from "../src/journal.js";
import { KEY_FILE_BYTES, keyFingerprint, publicText, readKeyFile, readPublicText, secretText, signingKey } from "../src/keys.js";
import { makeNotice } from "../src/notice.js";
import { ensure, Refusal, refuse } from "../src/refusal.js";
import { newClaims } from "../src/statement.js";
import { FILED, readVolume } from "../src/volume.js";
import { acknowledge, ADMIT_S, fileAndKeep, Watch } from "../src/watch.js";
import { makeWithdrawal } from "../src/withdrawal.js";

const USAGE = `keepclear-js COMMAND, with --desk FOLDER and --key FILE (or KEEPCLEAR_JS_DESK, KEEPCLEAR_JS_KEY)
  keygen --out FILE                          make a key; its public text and fingerprint are shown
  check AGREEMENT --root TEXT --heard PARTY=DIGITS ...
                                             verify an agreement, and install it in the desk
  submit FILE --category NAME [--callsign C] [--remarks R] [--amend NOTICE]
                                             file volumes: a JSON array of F3548 Volume4D objects
  watch [--once]                             follow the stream, verify everything, sign what was delivered
  conflicts                                  what is known of each conflict
  ack CONFLICT --officer NAME                received, read, understood
  withdraw NOTICE                            end a notice
  --address URL                              where requests go, if not to the agreement's origin`;

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const complain = ({ code, message, conflict = null }) => {
  process.exitCode = 1;
  process.stderr.write(`${JSON.stringify({ event: "refused", code, message, conflict })}\n`);
};

const OPTIONS = Object.fromEntries([
  ...["desk", "key", "out", "root", "category", "callsign", "remarks", "amend", "officer", "address"].map((name) => [
    name,
    { type: "string" },
  ]),
  ["heard", { type: "string", multiple: true, default: [] }],
  ["once", { type: "boolean", default: false }],
  ["help", { type: "boolean", default: false, short: "h" }],
]);

const HYPHENED = /^-[A-Za-z0-9_-]{21}([A-Za-z0-9_-]{21})?$/;

// One id in 64 begins with a hyphen, and is no option: it is joined to the option before it, or stands behind `--`.
function withIds(words) {
  const end = words.indexOf("--");
  const [before, behind] = end < 0 ? [words, []] : [words.slice(0, end), words.slice(end + 1)];
  const options = [], ids = [];
  for (const word of before) {
    const last = options.at(-1) ?? "";
    if (!HYPHENED.test(word)) options.push(word);
    else if (last.startsWith("--") && OPTIONS[last.slice(2)]?.type === "string") options.push(`${options.pop()}=${word}`);
    else ids.push(word);
  }
  return [...options, "--", ...ids, ...behind];
}

function readKey(path) {
  ensure(path && existsSync(path), "key_file", "name a key file with --key");
  return readKeyFile(readOrdinary(path, KEY_FILE_BYTES, "key_file", { secret: true }));
}

function open({ desk: folder, key: path, address }) {
  const key = readKey(path);
  const journal = Journal.resume(folder ?? refuse("usage", "name the desk's folder with --desk"), complain);
  const entry = journal.desk.agreement.operational.get(key.public.kid);
  ensure(entry?.party === journal.desk.party, "wrong_party", "the key is none of this desk's party");
  return { key, journal, desk: journal.desk, entry, hotline: new Hotline(journal.desk, key, address) };
}

const claimsOf = (desk) => newClaims(desk.party, desk.agreement, Number(now() / SECOND), ADMIT_S);

async function send({ journal, hotline }, kind, text) {
  const statement = journal.append({ do: "note", kind, text });
  const { receipt, alerts, again } = await fileAndKeep(journal, hotline, kind, statement);
  say({
    event: "receipt",
    kind,
    id: statement.id,
    revision: statement.revision,
    sha256: statement.sha256,
    seq: receipt?.seq ?? null,
    lead: receipt?.lead ?? null,
    received_at: receipt?.received_at ?? null,
    alerts,
    again,
  });
}

function describe(record) {
  const { id, held, newest, answers } = record;
  return {
    conflict: id,
    code: spokenCode(id),
    standing: held?.standing ?? null,
    severity: held?.alert.payload.severity ?? null,
    version: held?.version ?? null,
    newest: newest.version,
    verdict: newest.verdict,
    with: newest.alert.payload.other.party,
    pairs: held?.alert.payload.pairs ?? [],
    answers: Object.fromEntries([...answers].map(([stage, { verdict, officer }]) => [stage, { verdict, officer }])),
  };
}

function sayConflicts(desk) {
  for (const record of desk.shown.conflicts.values()) say({ event: "conflict", ...describe(record) });
  if ([...desk.shown.conflicts.values()].some(({ held }) => held?.standing === "OPEN")) process.exitCode ||= 3;
}

const COMMANDS = {
  keygen({ out }) {
    ensure(out && !existsSync(out), "usage", "name a new file with --out");
    const key = signingKey();
    writeFileSync(openSync(out, "wx", 0o600), `${secretText(key)}\n`);
    chmodSync(out, 0o600);
    say({ public: publicText(key.public), fingerprint: keyFingerprint(key.public), kid: key.public.kid });
  },

  async check({ desk: folder, key: path, root, heard, address }, [file]) {
    const document = readOrdinary(file ?? refuse("usage", "name the agreement"), DOCUMENT_LIMIT, "usage").toString();
    const agreement = readAgreement(document);
    const key = readKey(path);
    const entry =
      agreement.operational.get(key.public.kid) ?? refuse("wrong_party", "the agreement does not enrol this key");
    const own = partyOf(agreement, entry.party);
    ensure(
      root && readPublicText(root).kid === own.root.kid,
      "fingerprint",
      "the agreement has another root of ours than --root",
    );
    const digits = new Map(heard.map((text) => text.split("=")));
    for (const party of agreement.parties.filter(({ id }) => id !== own.id)) {
      const said = (digits.get(party.id) ?? "").replace(/\D/g, "");
      ensure(
        said === keyFingerprint(party.root).replaceAll(" ", ""),
        "fingerprint",
        `the root of ${party.id} was not heard as it stands here`,
      );
    }
    const resumed = folder && existsSync(folder) ? new Journal(folder, complain) : null;
    if (resumed?.desk) {
      const inForce = await new Hotline(resumed.desk, key, address).termsInForce();
      ensure(
        inForce === agreement.terms,
        "wrong_terms",
        "these terms are not in force yet: install them once they are",
      );
      resumed.append({ do: "install", document });
    }
    if (folder && !resumed?.desk) Journal.begin(folder, own.id, [document]);
    say({
      event: "installed",
      party: own.id,
      agreement: agreement.id,
      terms: agreement.terms,
      revision: agreement.revision,
      fingerprint: agreement.fingerprint,
      origin: agreement.service.origin,
    });
  },

  async submit(options, [file]) {
    const line = open(options);
    const { category, callsign = null, remarks = null, amend } = options;
    const value = parse(readFileSync(file ?? refuse("usage", "name a file of volumes")));
    const volumes = isObject(value) ? [value] : value;
    ensure(Array.isArray(volumes) && volumes.length, "input_file", "a JSON array of volumes");
    volumes.forEach((volume) => readVolume(volume, FILED));
    ensure(
      line.desk.agreement.categories.has(category),
      "category",
      "name one of the agreement's categories with --category",
    );
    const before = amend ? line.desk.current(amend) : null;
    await send(
      line,
      "notice",
      makeNotice(line.key, claimsOf(line.desk), { volumes, category, callsign, remarks, before }),
    );
    sayConflicts(line.desk);
  },

  async withdraw(options, [id]) {
    const line = open(options);
    await send(line, "withdrawal", makeWithdrawal(line.key, claimsOf(line.desk), line.desk.current(id ?? "")));
  },

  async ack(options, [name]) {
    const { journal, hotline, desk } = open(options);
    const record = desk.find(name ?? "");
    ensure(options.officer, "usage", "name the officer with --officer");
    const answer = {
      stage: "acknowledged",
      verdict: desk.verdictOf(record),
      oursNewest: desk.oursNewest(record),
      officer: options.officer,
    };
    const { receipt } = await acknowledge(journal, hotline, record, answer);
    say({
      event: "receipt",
      kind: "acknowledgement",
      conflict: record.id,
      version: record.newest.version,
      verdict: answer.verdict,
      seq: receipt.seq,
    });
  },

  conflicts(options) {
    sayConflicts(open(options).desk);
  },

  async watch(options) {
    const { journal, hotline, entry, desk } = open(options);
    const stop = new AbortController();
    for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => stop.abort());
    await new Watch(journal, hotline, say, entry.roles.includes("acknowledge")).run(stop.signal, options.once);
    sayConflicts(desk);
  },
};

try {
  const { values, positionals: [name, ...rest] } = parseArgs({
    args: withIds(process.argv.slice(2)),
    options: OPTIONS,
    allowPositionals: true,
  });
  values.desk ??= process.env.KEEPCLEAR_JS_DESK;
  values.key ??= process.env.KEEPCLEAR_JS_KEY;
  const command = Object.hasOwn(COMMANDS, name ?? "") ? COMMANDS[name] : null;
  if (values.help || name === "help") process.stdout.write(`${USAGE}\n`);
  else await (command ?? refuse("usage", USAGE))(values, rest);
} catch (error) {
  if (error instanceof Refusal) complain(error);
  else if (error.code?.startsWith("ERR_PARSE_ARGS")) complain({ code: "usage", message: error.message });
  else throw error;
}
