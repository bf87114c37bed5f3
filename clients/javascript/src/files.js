// Files at hand: ordinary ones of a bounded size. A pipe in their place is refused, and not waited for; a secret is
// read only from a file that its owner alone can touch.
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { ensure } from "./refusal.js";

/** The bytes of the file at `path`, at most `most`; what is wrong with it is said with `code`. */
export function readOrdinary(path, most, code, { secret = false } = {}) {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = fstatSync(file);
    ensure(status.isFile(), code, `${path} is not an ordinary file`);
    ensure(!secret || !(status.mode & 0o077), code, `others can touch ${path}: chmod 600 it`);
    ensure(status.size <= most, code, `${path} is larger than such a file may be`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
