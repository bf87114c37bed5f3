/**
 * What is mounted where: the regions that always stand, and the sides that take the queue's place.
 *
 * A room adds itself here and links its style in index.html.
 */

import { FilingRoom } from "./filing/filing.js";
import { HistoryRoom } from "./history/history.js";
import { IncidentRoom } from "./history/incident.js";
import { LogRoom } from "./log/log.js";
import { MapRoom } from "./map/map.js";
import { ProfileRoom } from "./profile/profile.js";
import { QueueRoom } from "./queue/queue.js";
import { ReportRoom } from "./report/report.js";

/** @typedef {import("./vendor/preact.js").ComponentType<any>} Room */

/** Beneath the header, beside the queue; each is laid out left to right in every language. @type {Record<string, Room>} */
export const regions = { map: MapRoom, profile: ProfileRoom };

/** By the name that the address has; `queue` stands in for one that is not here. @type {Record<string, Room>} */
export const sides = {
  queue: QueueRoom,
  log: LogRoom,
  filing: FilingRoom,
  history: HistoryRoom,
  incident: IncidentRoom,
  report: ReportRoom,
};

/** Those of the sides that take the whole page. */
export const alone = ["report"];
