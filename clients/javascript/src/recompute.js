// What a desk computes again of an open alert: every pair, from its own notice, the presentation and the terms.
import { later } from "./instant.js";
import { ensure } from "./refusal.js";
import { compare, gapOf, leadClass, liesBetween, measure, worst } from "./separation.js";

const GRACE_M = 0.01;

/** The minima of a notice's category under these terms. */
export function minimaOf(notice, agreement) {
  const minima = agreement.categories.get(notice.category);
  ensure(minima, "category", `the terms know no category ${notice.category}`);
  return minima;
}

/** Every pair of our volumes and theirs, as grown and as shrunk by the grace. */
function pairsOf(own, theirs, agreement) {
  const [ours, others] = [minimaOf(own, agreement), minimaOf(theirs, agreement)];
  return own.volumes.flatMap((mine) => theirs.volumes.map((other) => {
    const gap = gapOf(mine, other);
    const by = (slack) => ({
      ...measure(mine, ours, other, others, agreement.uncertainty, slack, gap),
      own: mine.digest,
    });
    return { own: mine.digest, other: other.digest, grown: by(GRACE_M), shrunk: by(-GRACE_M) };
  }));
}

const ahead = (measured, at) => !measured.clear && measured.end >= at;

/** Whether some pair of those volumes is surely in conflict and not over at `at`. */
export function anyAhead(own, theirs, agreement, at) {
  return pairsOf(own, theirs, agreement).some(({ shrunk }) => ahead(shrunk, at));
}

/** Refuses an open alert whose figures are not those of the rules. */
export function recompute(alert, own, theirs, agreement) {
  const { at, payload: { disclosed, shown, pairs, severity, lead } } = alert;
  const fail = (holds, what) => ensure(holds, "recompute", what);
  const all = pairsOf(own, theirs, agreement);
  for (const mine of shown) {
    ensure(
      all.some((pair) => pair.own === mine && ahead(pair.grown, at)),
      "over_disclosed",
      `our volume ${mine} was shown and is in no conflict`,
    );
  }
  for (const pair of all)
    fail(!ahead(pair.shrunk, at) || shown.includes(pair.own), "a volume of ours in conflict is not in shown");
  fail(pairs.length === disclosed.length, "not one pair for each disclosed volume");
  pairs.forEach((stated, index) => {
    fail(stated.other === disclosed[index], "pairs are not in the order of disclosed");
    const of = all.filter((pair) => pair.other === stated.other && ahead(pair.grown, at));
    fail(of.length, "a disclosed volume is in no conflict");
    const pair = of.find(({ own: mine }) => mine === stated.own);
    fail(pair && liesBetween(stated, pair.grown.figures, pair.shrunk.figures), "figures are not those of the rules");
    const told = { figures: stated, start: pair.grown.start, end: pair.grown.end, own: stated.own };
    for (const rival of of)
      fail(rival === pair || !ahead(rival.shrunk, at) || compare(rival.shrunk, told) > 0, "not the worst pair");
  });
  fail(severity === worst(pairs.map((pair) => pair.severity)), "severity is not that of the worst pair");
  fail(lead === leadClass(theirs.volumes, at, agreement.leadClasses), "lead is not that of the disclosed volumes");
}

/** The beginning of a notice's first window as widened, and when surely all is over: by the longest tail. */
export function windowsOf(notice, agreement) {
  const { lead_s: lead } = minimaOf(notice, agreement);
  const tail = Math.max(...[...agreement.categories.values()].map(({ tail_s }) => tail_s));
  const first = notice.volumes.reduce((least, { start }) => (start < least ? start : least), notice.volumes[0].start);
  const last = notice.volumes.map(({ end }) => end).reduce(later);
  return { first: first - BigInt(lead) * 1_000_000n, last: last + BigInt(tail) * 1_000_000n };
}
