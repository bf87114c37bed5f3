/**
 * What of a picture is drawn on the map: own volumes, what the other sides disclosed, where the two clash. Pure.
 *
 * Own: of every notice that may fly, also one that the line has not answered or has lost. Others': of each open
 * conflict exactly what was disclosed, a volume that several conflicts show once. Of a settled conflict nothing is
 * drawn, unless it is the chosen one. What comes of an unchanged notice or conflict is the same object as before.
 */

/** @typedef {import("../types.js").Extent} Extent */
/** @typedef {import("../types.js").Notice} Notice */
/** @typedef {import("../types.js").Conflict} Conflict */
/** @typedef {import("./sphere.js").Position} Position */
/** @typedef {{extent: Extent, owner: "own"|"other", id: string, name: string|null}} Volume `name`: callsign or party */
/** @typedef {{conflict: Conflict, grave: boolean, open: boolean, where: Position|null}} Clash */
/**
 * @typedef {{own: Volume[], other: Volume[], flown: Volume[], faint: Volume[], clashes: Clash[], chosen: Clash|null,
 *   at_ms: number, next_ms: number, looking: boolean}} Scene `flown`: at its time, of both sides; `next_ms`: when that
 *   changes, or Infinity; `looking`: at another time than now
 */

/** States of notices of which nothing can fly any more. */
const OVER = new Set(["ended", "withdrawn"]);

/** Phases of conflicts that are to be seen whether chosen or not. */
const OPEN = new Set(["new", "acknowledged"]);

/** @type {WeakMap<Notice, Volume[]>} */
const ownVolumes = new WeakMap();

/** @type {WeakMap<Conflict, {key: string, volume: Volume}[]>} */
const otherVolumes = new WeakMap();

/** @type {WeakMap<Conflict, Clash>} */
const clashes = new WeakMap();

/**
 * @param {{notices: Notice[], conflicts: Conflict[]}} picture @param {string|null} chosen the id of a conflict
 * @param {number} at_ms @param {boolean} looking @returns {Scene}
 */
export function sceneOf(picture, chosen, at_ms, looking) {
  const own = picture.notices.filter(({ state }) => !OVER.has(state)).flatMap(volumesOf);
  const all = picture.conflicts.map(clashOf);
  const shown = all.filter(({ open, conflict }) => open || conflict.conflict === chosen);
  /** @type {Map<string, Volume>} */
  const others = new Map();
  for (const { conflict } of shown) for (const { key, volume } of disclosedBy(conflict)) others.set(key, volume);
  const other = [...others.values()];
  return {
    own,
    other,
    ...parted([own, other], at_ms),
    clashes: shown,
    chosen: shown.find(({ conflict }) => conflict.conflict === chosen) ?? null,
    at_ms,
    looking,
  };
}

/** Whether a volume is flown in, or a pair of them meets, at a time. */
/** @param {{start_ms: number, end_ms: number}} window @param {number} at_ms */
export function flownAt(window, at_ms) {
  return window.start_ms <= at_ms && at_ms <= window.end_ms;
}

/** Volumes flown in at a time, the others, and when that changes next. @param {Volume[][]} sides @param {number} at_ms */
function parted(sides, at_ms) {
  /** @type {Volume[]} */
  const flown = [];
  /** @type {Volume[]} */
  const faint = [];
  let next_ms = Infinity;
  for (const volumes of sides) {
    for (const volume of volumes) {
      const { start_ms, end_ms } = volume.extent;
      if (start_ms > at_ms) next_ms = Math.min(next_ms, start_ms);
      else if (end_ms >= at_ms) next_ms = Math.min(next_ms, end_ms + 1);
      (start_ms <= at_ms && at_ms <= end_ms ? flown : faint).push(volume);
    }
  }
  return { flown, faint, next_ms };
}

/** The pairs that meet at a time, else those that meet next, else none: a conflict over hours covers half the map. */
/** @param {Clash} clash @param {number} at_ms */
export function pairsAt({ conflict }, at_ms) {
  const meeting = conflict.pairs_shown.filter((pair) => flownAt(pair, at_ms));
  if (meeting.length) return meeting;
  const ahead = conflict.pairs_shown.filter(({ start_ms }) => start_ms > at_ms);
  const next = Math.min(...ahead.map(({ start_ms }) => start_ms));
  return ahead.filter(({ start_ms }) => start_ms === next);
}

/** Where a conflict is: the volumes that come worst together, and those that meet at a time or next. */
/** @param {Clash} clash @param {number} at_ms @returns {Extent[]} */
export function extentsOf(clash, at_ms) {
  const { pairs_shown, severity, their_extents } = clash.conflict;
  const pairs = [...pairs_shown.filter((pair) => pair.severity === severity), ...pairsAt(clash, at_ms)];
  const known = (pairs.length ? pairs : pairs_shown).flatMap(({ ours, theirs }) => [ours, theirs].filter((one) => one !== null));
  return known.length ? known : their_extents;
}

/** @param {Notice} notice @returns {Volume[]} */
function volumesOf(notice) {
  let volumes = ownVolumes.get(notice);
  if (!volumes) {
    volumes = notice.extents.map((extent) => ({ extent, owner: "own", id: notice.id, name: notice.callsign }));
    ownVolumes.set(notice, volumes);
  }
  return volumes;
}

/** @param {Conflict} conflict */
function disclosedBy(conflict) {
  let volumes = otherVolumes.get(conflict);
  if (!volumes) {
    const { party, id } = conflict.other;
    volumes = conflict.their_extents.map((extent) => ({
      key: JSON.stringify([id, extent.points, extent.start_ms, extent.end_ms, extent.lower_m, extent.upper_m]),
      volume: { extent, owner: /** @type {const} */ ("other"), id, name: party },
    }));
    otherVolumes.set(conflict, volumes);
  }
  return volumes;
}

/** @param {Conflict} conflict @returns {Clash} */
function clashOf(conflict) {
  let clash = clashes.get(conflict);
  if (!clash) {
    const place = conflict.where ?? null;
    clash = {
      conflict,
      grave: conflict.severity === "overlap" || conflict.severity === null,
      open: OPEN.has(conflict.phase),
      where: place ? [place.lat, place.lng] : (conflict.pairs_shown.find(({ where }) => where)?.where ?? null),
    };
    clashes.set(conflict, clash);
  }
  return clash;
}
