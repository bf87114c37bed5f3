/**
 * A position as MGRS, as NGA's standard NGA.STND.0037 has it: UTM from 80 S to 84 N with Norway's and Svalbard's zones,
 * UPS about the poles. Truncated, not rounded: a reference names the square that a position is in.
 *
 * UTM by Krueger's series to the sixth order in the third flattening (Karney 2011): good to nanometres within a zone.
 */

const A_M = 6378137;
const F = 1 / 298.257223563;
const E = Math.sqrt(F * (2 - F));
const N = F / (2 - F);
const RECTIFYING_M = (A_M / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64 + N ** 6 / 256);
const SERIES = [
  N / 2 - (2 * N ** 2) / 3 + (5 * N ** 3) / 16 + (41 * N ** 4) / 180 - (127 * N ** 5) / 288 + (7891 * N ** 6) / 37800,
  (13 * N ** 2) / 48 - (3 * N ** 3) / 5 + (557 * N ** 4) / 1440 + (281 * N ** 5) / 630 - (1983433 * N ** 6) / 1935360,
  (61 * N ** 3) / 240 - (103 * N ** 4) / 140 + (15061 * N ** 5) / 26880 + (167603 * N ** 6) / 181440,
  (49561 * N ** 4) / 161280 - (179 * N ** 5) / 168 + (6601661 * N ** 6) / 7257600,
  (34729 * N ** 5) / 80640 - (3418889 * N ** 6) / 1995840,
  (212378941 * N ** 6) / 319334400,
];

const RADIANS = Math.PI / 180;
const BANDS = "CDEFGHJKLMNPQRSTUVWXX";
const ROWS = "ABCDEFGHJKLMNPQRSTUV";
const COLUMNS = ["ABCDEFGH", "JKLMNPQR", "STUVWXYZ"];
const POLAR_COLUMNS = "ABCFGHJKLPQRSTUXYZ";
const POLAR_ROWS = "ABCDEFGHJKLMNPQRSTUVWXYZ";
const SQUARE_M = 100_000;

/**
 * The reference of a position: "31U DQ 48251 11932", with `digits` digits each of easting and northing.
 * @param {number} lat @param {number} lng @param {number} [digits] @returns {string}
 */
export function mgrs(lat, lng, digits = 5) {
  const east = ((((lng + 180) % 360) + 360) % 360) - 180;
  const { square, easting, northing } = lat < -80 || lat > 84 ? polar(lat, east) : transverse(lat, east);
  const told = [easting, northing].map((metres) =>
    String(Math.floor((metres % SQUARE_M) / 10 ** (5 - digits))).padStart(digits, "0"),
  );
  return [square, ...told].join(" ");
}

/** @typedef {{square: string, easting: number, northing: number}} Placed */

/** @param {number} lat @param {number} lng @returns {Placed} */
function transverse(lat, lng) {
  const band = BANDS[Math.floor((lat + 80) / 8)] ?? "X";
  const zone = utmZone(band, lat, lng);
  const { easting, northing } = utm(lat, lng, zone * 6 - 183);
  const column = COLUMNS[(zone - 1) % 3][Math.floor(easting / SQUARE_M) - 1];
  const row = ROWS[(Math.floor(northing / SQUARE_M) + (zone % 2 ? 0 : 5)) % 20];
  return { square: `${String(zone).padStart(2, "0")}${band} ${column}${row}`, easting, northing };
}

/** @param {string} band @param {number} lat @param {number} lng @returns {number} */
function utmZone(band, lat, lng) {
  if (band === "V" && lng >= 3 && lng < 12) return 32;
  if (band === "X" && lng >= 0 && lng < 42) return lng < 9 ? 31 : lng < 21 ? 33 : lng < 33 ? 35 : 37;
  return Math.floor((lng + 180) / 6) + 1;
}

/** @param {number} lat @param {number} lng @param {number} middle */
function utm(lat, lng, middle) {
  const across = (lng - middle) * RADIANS;
  const sine = Math.sin(lat * RADIANS);
  const conformal = Math.sinh(Math.atanh(sine) - E * Math.atanh(E * sine));
  const xi = Math.atan2(conformal, Math.cos(across));
  const eta = Math.asinh(Math.sin(across) / Math.hypot(conformal, Math.cos(across)));
  let north = xi;
  let east = eta;
  SERIES.forEach((weight, index) => {
    const twice = 2 * (index + 1);
    north += weight * Math.sin(twice * xi) * Math.cosh(twice * eta);
    east += weight * Math.cos(twice * xi) * Math.sinh(twice * eta);
  });
  const scale = 0.9996 * RECTIFYING_M;
  return { easting: 500_000 + scale * east, northing: scale * north + (lat < 0 ? 10_000_000 : 0) };
}

/** @param {number} lat @param {number} lng @returns {Placed} */
function polar(lat, lng) {
  const north = lat > 0;
  const sine = Math.sin(Math.abs(lat) * RADIANS);
  const conformal = Math.exp(-(Math.atanh(Math.min(sine, 1)) - E * Math.atanh(E * sine)));
  const far = ((2 * 0.994 * A_M) / Math.sqrt((1 + E) ** (1 + E) * (1 - E) ** (1 - E))) * conformal;
  const easting = 2_000_000 + far * Math.sin(lng * RADIANS);
  const northing = 2_000_000 - (north ? 1 : -1) * far * Math.cos(lng * RADIANS);
  const west = easting < 2_000_000;
  const column = POLAR_COLUMNS[(Math.floor(easting / SQUARE_M) - 20 + 18) % 18];
  const row = POLAR_ROWS[Math.floor(northing / SQUARE_M) - (north ? 13 : 8)];
  const letter = north ? (west ? "Y" : "Z") : west ? "A" : "B";
  return { square: `${letter} ${column}${row}`, easting, northing };
}
