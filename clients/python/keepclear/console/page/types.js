/**
 * The shapes of what the desk tells its page, as the console's doors write them; times have a `*_ms` beside the text.
 *
 * @template T
 * @typedef {import("./vendor/signals.js").Signal<T>} Signal
 */

/** @typedef {[number, number]} Place latitude and longitude in degrees */

/**
 * @typedef {object} Extent
 * @property {"polygon" | "circle" | "corridor"} shape
 * @property {Place[]} points
 * @property {number | null} radius_m
 * @property {number} lower_m
 * @property {number} upper_m
 * @property {string} reference
 * @property {string} start
 * @property {string} end
 * @property {number} start_ms
 * @property {number} end_ms
 */

/**
 * @typedef {object} Answers what one side has answered to one version
 * @property {number | null} delivered_at_ms
 * @property {number | null} displayed_at_ms
 * @property {string | null} displayed_by
 * @property {number | null} acknowledged_at_ms
 * @property {string | null} acknowledged_by
 * @property {{officer: string, at: string, at_ms: number}[]} acknowledged_after
 * @property {number | null} acknowledged_version_before
 */

/**
 * @typedef {object} Pair
 * @property {string} severity
 * @property {number | null} horizontal_m
 * @property {number | null} vertical_m
 * @property {string} start
 * @property {string} end
 * @property {number} start_ms
 * @property {number} end_ms
 * @property {number | null} lower_m
 * @property {number | null} upper_m
 * @property {string | null} reference
 * @property {Place | null} where
 * @property {Extent | null} ours
 * @property {Extent | null} theirs
 */

/**
 * @typedef {object} Side one side's flight in a conflict
 * @property {string} id
 * @property {number} revision
 * @property {number | null} altitude_lower_m
 * @property {number | null} altitude_upper_m
 * @property {string | null} reference
 */

/**
 * @typedef {object} Conflict
 * @property {string} conflict
 * @property {string} code
 * @property {number} version
 * @property {string} state
 * @property {"new" | "acknowledged" | "cleared" | "cleared_unseen" | "past"} phase
 * @property {string | null} reason
 * @property {string | null} by
 * @property {boolean} confirmed
 * @property {string | null} severity
 * @property {string | null} lead
 * @property {string} verdict
 * @property {string | null} alarm
 * @property {string | null} alarm_detail
 * @property {Side & {callsign: string | null}} own
 * @property {Side & {party: string, category: string | null}} other
 * @property {number | null} time_start_ms
 * @property {number | null} time_end_ms
 * @property {{lat: number, lng: number} | null} where
 * @property {number | null} altitude_lower_m
 * @property {number | null} altitude_upper_m
 * @property {string | null} reference
 * @property {number | null} horizontal_m
 * @property {number | null} vertical_m
 * @property {number} pairs
 * @property {number | null} received_at_ms
 * @property {boolean} unanswered
 * @property {Answers} ours
 * @property {Answers} theirs
 * @property {boolean} overdue
 * @property {number | null} deadline_at_ms
 * @property {string} spoken
 * @property {Pair[]} pairs_shown
 * @property {Extent[]} their_extents
 * @property {{what: string, before: any, after: any}[]} changes
 * @property {number | null} since_ms
 * @property {number | null} first_at_ms
 */

/**
 * @typedef {object} Notice
 * @property {string} id an id may stand twice, filed and amended
 * @property {string} sha256 what it is known by among the others
 * @property {string} code
 * @property {string | null} reference
 * @property {number} revision
 * @property {string} state
 * @property {string | null} callsign
 * @property {string | null} category
 * @property {number | null} time_start_ms
 * @property {number | null} time_end_ms
 * @property {number} volumes
 * @property {Extent[]} extents
 * @property {string | null} remarks
 */

/**
 * @typedef {object} Agreement
 * @property {string} id
 * @property {string} name
 * @property {number} revision
 * @property {string} fingerprint
 * @property {string} service
 * @property {number | null} deadline_s
 * @property {any[]} categories
 * @property {string | null} valid_until
 */

/**
 * @typedef {object} Session
 * @property {"officer" | "wall"} role
 * @property {string | null} officer who is on watch at this page
 * @property {string | null} named whom the command line names: a proposal
 * @property {{officer: string, since: string, since_ms: number} | null} watch
 */

/**
 * @typedef {object} Link
 * @property {boolean} up
 * @property {string} since
 * @property {number} since_ms
 * @property {string | null} heard_at
 * @property {number | null} [heard_at_ms]
 * @property {string} detail
 * @property {number | null} clock_ahead_s
 * @property {number} behind events that have come, or are there, and are not read
 * @property {boolean} hotline_slow what is filed now may be told late
 * @property {string | null} hotline_slow_since
 * @property {number | null} [hotline_slow_since_ms]
 * @property {[string, string][]} hotline_was_slow from when to when, each time that is not long ago
 * @property {Record<string, number>} behind_of whose those are that have come, the most first
 */

/**
 * @typedef {object} Over
 * @property {string} party
 * @property {string} budget
 * @property {string} until
 * @property {number} until_ms
 */

/**
 * @typedef {object} Probing
 * @property {string} party
 * @property {number} notices
 * @property {number} ours
 * @property {number} since_ms
 * @property {number} until_ms
 */

/** @typedef {{lat: number, lng: number, name: string}} Reference a point that both ends of a voice line know */
/** @typedef {{code: string, text: string}} Coded */
/** @typedef {{is: boolean, reasons: Coded[]}} Whole */
/** @typedef {{heard_at: string | null, heard_at_ms?: number | null, age_s: number | null, stale: boolean}} Age */
/** @typedef {{unanswered: number, oldest_unanswered_at_ms?: number | null, not_sent: number, lost: number}} Counts */
/** @typedef {{at: string, at_ms: number, kind: string, alarm: boolean, conflict: string | null, text: string, facts: Facts | null}} Happening */
/** What a sentence of the page's language is made of. @typedef {{what: string, when_ms: number, code?: string, callsign?: string | null,
 *   party?: string, state?: string | null, severity?: string | null, lead?: string | null, reason?: string | null,
 *   officer?: string | null, revision?: number, budget?: string, until_ms?: number}} Facts */
/** @typedef {{rhythm: "danger" | "possible" | "blind", strokes: number[]}} Ring */
/** @typedef {{from: number, to: number}} Span both in ms */

export {};
