/** The words of the run list. */

import { counted, number, wholeNumber } from "../lines/format.js";

const FRESH_SECONDS = 120;
const TAIL_SHARE = 0.6;

/** Return how long ago `seconds` is: just now, 3 s ago, 4 min ago, 2 h ago, 5 d ago. */
export function ago(seconds) {
  if (seconds < 1) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** Return an age in few letters: now, 3m, 2h, 4d; "" when it is not known. */
export function briefAge(seconds) {
  if (seconds === null) return "";
  if (seconds < 60) return "now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86400)}d`;
}

/** Return whether a run whose last event is `seconds` old is being written. */
export function fresh(seconds) {
  return seconds !== null && seconds < FRESH_SECONDS;
}

/** Return a count in few letters: 9999, 12.3k, 250k. */
export function fewDigits(count) {
  return number(Math.abs(count) < 1e4 ? count : Number(count.toPrecision(3)));
}

/**
 * Return `name` cut in its middle until `widthOf` it is at most `width`: both ends tell runs apart, the last one more.
 *
 * Cuts between whole characters; a name that has no room at all keeps its last one.
 */
export function cutMiddle(name, width, widthOf) {
  if (widthOf(name) <= width) return name;
  const letters = Array.from(name);
  const kept = (count) => {
    const tail = Math.max(1, Math.ceil(count * TAIL_SHARE));
    return letters.slice(0, count - tail).join("") + "…" + letters.slice(letters.length - tail).join("");
  };
  let [least, most] = [1, letters.length - 1];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (widthOf(kept(middle)) <= width) least = middle;
    else most = middle - 1;
  }
  return kept(least);
}

/** Return "5 of 8 runs shown". */
export function shownCount(shown, total) {
  return `${wholeNumber(shown)} of ${counted(total, "run")} shown`;
}

/** Return "1 run matches" or "59 runs match". */
export function matchCount(count) {
  return `${counted(count, "run")} match${count === 1 ? "es" : ""}`;
}

/** Return the line that explains why `shown` of `total` runs are, where the list does not say it itself; else "". */
export function explanation(selection, shown, total, limit, showAllUpTo) {
  if (total > 0 && shown === 0 && selection.mode === "pattern") return `No run matches ${selection.pattern}`;
  if (total > 0 && shown === 0 && selection.mode === "only" && selection.runs.length > 0) {
    const [first, ...others] = selection.runs;
    if (others.length === 0) return `No run is named ${first}`;
    return `None of the ${wholeNumber(others.length + 1)} runs chosen is here`;
  }
  if (selection.mode === "pattern") return `Shown: runs that match ${selection.pattern}`;
  if (selection.mode === "newest" && total > showAllUpTo) {
    return `${counted(total, "run")}: the newest ${wholeNumber(limit)} are shown`;
  }
  return "";
}

/** Return what is said under the filter when it is no regex. */
export function wrongRegex(reason, standing) {
  const still = standing === "" ? "every run is listed" : `still listed: ${standing}`;
  return `Not a regex (${reason.toLowerCase()}); ${still}`;
}

/** Return "read 3 s ago", or "reading 12 of 40 files" while the server reads. */
export function readLine(reading, seconds) {
  if (reading) return `reading ${wholeNumber(reading.done)} of ${counted(reading.total, "file")}`;
  return seconds === null ? "not read yet" : `read ${ago(seconds)}`;
}

/** Return how often the logs are read again. */
export function intervalTitle(interval) {
  return interval === null ? "Not read again by itself" : `Read again every ${number(interval)} s`;
}

/** Return how far ahead the browser's clock is, in seconds, when `readAt` arrives at `now` after having been `before`.
 *
 * A read that just happened is no seconds old, whatever the two clocks say; of the first one nothing is known but that
 * it is not in the future.
 */
export function clockLead(now, readAt, before, lead) {
  if (readAt === null || readAt === before) return lead;
  return before === null ? Math.min(0, now - readAt) : now - readAt;
}
