// Volumes: ASTM F3548 Volume4D objects, read into metres and microseconds. Every number is checked to
// be finite and in range before any geometry is done with it.
import { readInstant } from "./instant.js";
import { asNumber, hasExactly, isNumber, isObject, isText } from "./json.js";
import { ensure } from "./refusal.js";
import { between, coreOf, pointOf, touchesItself } from "./sphere.js";

/** The bounds of an outline where it is filed, and the wider ones where it is read. */
export const FILED = { apart: 0.001, edge: 1_000_000, reach: 5_000_000 };
export const READ = { apart: 0.0005, edge: 1_000_001, reach: 5_000_001 };
const SHORTEST_LENGTH_M = 0.001;
const LONGEST_LENGTH_M = 1_000_000;
const LEAST_MIDDLE = 0.1;
const FOOT_M = 0.3048;
const UNITS = { M: 1, FT: FOOT_M, FL: 100 * FOOT_M };
const REFERENCES = {
  W84: { units: ["M", "FT"], range: [-8000, 100_000] },
  AMSL: { units: ["M", "FT"], range: [-8000, 100_000] },
  AGL: { units: ["M", "FT"], range: [-8000, 100_000] },
  FL: { units: ["FL", "FT", "M"], range: [-8000, 30_480] },
};

const shape = (holds, what) => ensure(holds, "volume_shape", what);

/** How many decimals the shortest decimal form of a double has. */
function decimals(value) {
  const [mantissa, exponent = "0"] = String(value).split("e");
  return Math.max(0, (mantissa.split(".")[1] ?? "").length - Number(exponent));
}

function readPosition(value) {
  shape(
    hasExactly(value, ["lat", "lng"]) && isNumber(value.lat) && isNumber(value.lng),
    "a position is exactly lat and lng",
  );
  const [lat, lng] = [asNumber(value.lat), asNumber(value.lng)];
  const sound = Math.abs(lat) <= 90 && Math.abs(lng) <= 180 && decimals(lat) <= 9 && decimals(lng) <= 9;
  ensure(sound, "volume_position", "a position out of range, or of more than nine decimals");
  return pointOf(lat, lng);
}

function readLength(value) {
  shape(
    hasExactly(value, ["value", "units"]) && isNumber(value.value) && value.units === "M",
    "a length is exactly value and units M",
  );
  const metres = asNumber(value.value);
  ensure(metres >= 0 && metres <= LONGEST_LENGTH_M, "volume_size", "a length is at most 1 000 km");
  ensure(metres >= SHORTEST_LENGTH_M, "volume_extent", "a length is at least a millimetre");
  return metres;
}

function checkReach(core, bounds) {
  const size = Math.hypot(...core.middle);
  ensure(size > LEAST_MIDDLE, "volume_size", "the vertices have no middle");
  const middle = core.middle.map((part) => part / size);
  ensure(core.points.every((point) => between(point, middle) <= bounds.reach), "volume_size", "reaches too far");
}

/** A polygon or a path, through the steps of R-034. */
function readChain(positions, ring, bounds) {
  shape(Array.isArray(positions), "positions are an array");
  const points = positions.map(readPosition);
  const degenerate = ring ? "volume_polygon" : "volume_extent";
  ensure(points.length >= (ring ? 3 : 2), degenerate, "too few positions");
  const core = coreOf(points, ring);
  const lengths = core.arcs.map(([a, b]) => between(a, b));
  ensure(lengths.every((length) => length >= bounds.apart), degenerate, "neighbours at one place");
  ensure(lengths.every((length) => length <= bounds.edge), "volume_edge", "an edge is longer than 1 000 km");
  ensure(!ring || !touchesItself(core, bounds.apart), "volume_polygon", "edges cross, or a vertex touches one");
  checkReach(core, bounds);
  return { core, longest: Math.max(...lengths), vertices: points.length };
}

const OUTLINES = {
  outline_polygon(value, bounds) {
    shape(hasExactly(value, ["vertices"]), "a polygon is exactly vertices");
    return { ...readChain(value.vertices, true, bounds), radius: 0 };
  },
  outline_circle(value) {
    shape(hasExactly(value, ["center", "radius"]), "a circle is exactly center and radius");
    const core = coreOf([readPosition(value.center)], false);
    return { core, longest: 0, vertices: 1, radius: readLength(value.radius) };
  },
  outline_corridor(value, bounds) {
    shape(hasExactly(value, ["path", "half_width"]), "a corridor is exactly path and half_width");
    return { ...readChain(value.path, false, bounds), radius: readLength(value.half_width) };
  },
};

/** The one outline in an object that has nothing else: `core`, `radius` and `longest` edge in metres, `vertices`. */
export function readOutline(holder, bounds) {
  const names = Object.keys(holder);
  shape(names.length === 1 && Object.hasOwn(OUTLINES, names[0]), "exactly one outline");
  return OUTLINES[names[0]](holder[names[0]], bounds);
}

function readAltitude(value) {
  const shaped =
    hasExactly(value, ["value", "reference", "units"]) &&
    isNumber(value.value) &&
    isText(value.reference) &&
    isText(value.units);
  shape(shaped, "an altitude is exactly value, reference and units");
  const reference = Object.hasOwn(REFERENCES, value.reference) ? REFERENCES[value.reference] : null;
  ensure(reference?.units.includes(value.units), "volume_band", "an unknown reference, or units that it does not have");
  const metres = asNumber(value.value) * UNITS[value.units];
  ensure(metres >= reference.range[0] && metres <= reference.range[1], "volume_band", "an altitude out of range");
  return metres;
}

function readTime(value, up) {
  shape(
    hasExactly(value, ["value", "format"]) && isText(value.value) && value.format === "RFC3339",
    "a time is exactly value and format RFC3339",
  );
  const instant = readInstant(value.value, "volume_window", up);
  ensure(instant <= readInstant("9000-01-01T00:00:00Z"), "volume_window", "a time after the year 9000 began");
  return instant;
}

/** A volume, by the bounds FILED or READ: outline, `reference`, `low` and `high` in metres, `start` and `end`. */
export function readVolume(value, bounds) {
  shape(hasExactly(value, ["volume", "time_start", "time_end"]), "a volume is exactly volume, time_start and time_end");
  shape(isObject(value.volume), "volume is an object");
  const { altitude_lower: lower, altitude_upper: upper, ...holder } = value.volume;
  shape(lower !== undefined && upper !== undefined, "a volume has two altitudes");
  const outline = readOutline(holder, bounds);
  const [low, high] = [readAltitude(lower), readAltitude(upper)];
  ensure(lower.reference === upper.reference, "volume_band", "both altitudes have the same reference");
  ensure(low !== high, "volume_extent", "no height");
  ensure(low < high, "volume_band", "the band is upside down");
  const [start, end] = [readTime(value.time_start, false), readTime(value.time_end, true)];
  ensure(start !== end, "volume_extent", "no duration");
  ensure(start < end, "volume_window", "the window ends before it starts");
  return { ...outline, reference: lower.reference, low, high, start, end };
}
