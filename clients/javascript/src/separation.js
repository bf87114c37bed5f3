// The rules, version 1: a pure function of two volumes, their minima and the agreement's uncertainty.
// A slack in metres grows or shrinks the first volume, for the grace of R-075.
import { earlier, later, seconds, writeInstant } from "./instant.js";
import { distance } from "./sphere.js";

const TOUCH_M = 0.000001;
const SEVERITIES = ["overlap", "proximity", "possible"];

const roomFor = (volume) => volume.radius + 7e-11 * volume.longest ** 2;

/** Metres of gap by R-056, before any slack. */
export const gapOf = (one, two) => 0.994 * distance(one.core, two.core) - roomFor(one) - roomFor(two);

/** The bounds of what is added to a band in reference `from` to read it in `to`. */
function offset(from, to, uncertainty) {
  if (from === to) return [0, 0];
  const [[gl, gh], [pl, ph], [tl, th]] = [
    uncertainty.geoid_undulation_m,
    uncertainty.pressure_error_m,
    uncertainty.terrain_m,
  ];
  return {
    "W84 AMSL": [-gh, -gl],
    "AMSL W84": [gl, gh],
    "FL AMSL": [pl, ph],
    "AMSL FL": [-ph, -pl],
    "AGL AMSL": [tl, th],
    "AMSL AGL": [-th, -tl],
    "W84 FL": [-gh - ph, -gl - pl],
    "FL W84": [pl + gl, ph + gh],
    "W84 AGL": [-gh - th, -gl - tl],
    "AGL W84": [tl + gl, th + gh],
    "FL AGL": [pl - th, ph - tl],
    "AGL FL": [tl - ph, th - pl],
  }[`${from} ${to}`];
}

/** The window of a volume as widened by its category. */
export const widened = (volume, minima) => [volume.start - seconds(minima.lead_s), volume.end + seconds(minima.tail_s)];

/**
 * The pair by the rules, its first volume grown by `slack` metres: `clear`, `figures` (R-061, also of a clear pair),
 * and `start` and `end` of the overlap. What gapOf told of it may be handed in.
 */
export function measure(one, oneMinima, two, twoMinima, uncertainty, slack = 0, gap = gapOf(one, two)) {
  const [start1, end1] = widened(one, oneMinima);
  const [start2, end2] = widened(two, twoMinima);
  const [start, end] = [later(start1, start2), earlier(end1, end2)];
  const [low, high] = [one.low - slack, one.high + slack];
  const [umin, umax] = offset(one.reference, two.reference, uncertainty);
  const horizontal = Math.max(oneMinima.horizontal_m, twoMinima.horizontal_m);
  const vertical = Math.max(oneMinima.vertical_m, twoMinima.vertical_m);
  const least = Math.max(low + umin - two.high, two.low - high - umax);
  const greatest = Math.max(low + umax - two.high, two.low - high - umin);
  const apart = gap - slack;
  const meet = later(one.start, two.start) <= earlier(one.end, two.end);
  let severity = "possible";
  if (greatest <= vertical + TOUCH_M)
    severity = apart <= TOUCH_M && greatest <= TOUCH_M && meet ? "overlap" : "proximity";
  const same = one.reference === two.reference;
  const figures = {
    severity,
    horizontal_m: Math.floor(Math.max(apart, 0)),
    vertical_m: Math.floor(Math.max(least, 0)),
    time_start: writeInstant(start),
    time_end: writeInstant(end),
    altitude_lower_m: Math.floor(same ? Math.max(two.low, low - vertical) : two.low),
    altitude_upper_m: Math.ceil(same ? Math.min(two.high, high + vertical) : two.high),
    reference: two.reference,
  };
  return { clear: start > end || least > vertical + TOUCH_M || apart > horizontal + TOUCH_M, figures, start, end };
}

/** The figures of the pair, or null where it is clear. */
export function judge(...pair) {
  const { clear, figures } = measure(...pair);
  return clear ? null : figures;
}

/** Whether the figures of a pair lie between those of its first volume grown and shrunk. */
export function liesBetween(stated, grown, shrunk) {
  const exact = ["time_start", "time_end", "reference"].every((name) => stated[name] === grown[name]);
  const [severity, worst, best] = [stated, grown, shrunk].map((figures) => SEVERITIES.indexOf(figures.severity));
  const within = (name, low, high) => stated[name] >= low[name] && stated[name] <= high[name];
  return (
    exact &&
    severity >= worst &&
    severity <= best &&
    within("horizontal_m", grown, shrunk) &&
    within("vertical_m", grown, shrunk) &&
    within("altitude_lower_m", grown, shrunk) &&
    within("altitude_upper_m", shrunk, grown)
  );
}

/** Orders pairs, worst first: negative where `a` comes first. `own` is the digest of the receiver's volume. */
export function compare(a, b) {
  const keys = ({ figures, start, end, own }) =>
    [SEVERITIES.indexOf(figures.severity), figures.horizontal_m, figures.vertical_m, start, end, own];
  const [left, right] = [keys(a), keys(b)];
  const index = left.findIndex((value, at) => value !== right[at]);
  if (index < 0) return 0;
  return left[index] < right[index] ? -1 : 1;
}

export const worst = (severities) => SEVERITIES.find((severity) => severities.includes(severity));

/** The lead class of volumes at an instant, from their windows as signed. */
export function leadClass(volumes, at, { routine_s: routine, short_s: short }) {
  const first = volumes.map(({ start }) => start).reduce(earlier);
  const last = volumes.map(({ end }) => end).reduce(later);
  if (last < at) return "RETROACTIVE";
  if (first <= at) return "IN_PROGRESS";
  if (first - at >= seconds(routine)) return "ROUTINE";
  return first - at >= seconds(short) ? "SHORT" : "LATE";
}
