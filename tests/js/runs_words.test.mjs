import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, briefAge, clockLead, cutMiddle, fewDigits, fresh } from "../../tbcore/ui/components/runs/words.js";
import { explanation, intervalTitle, matchCount } from "../../tbcore/ui/components/runs/words.js";
import { readLine, shownCount, wrongRegex } from "../../tbcore/ui/components/runs/words.js";

const letters = (text) => Array.from(text).length;

test("an age is told in its largest unit", () => {
  const ages = [0.4, 3.9, 59.9, 60, 3599, 7200, 86400 * 5].map(ago);
  assert.deepEqual(ages, ["just now", "3 s ago", "59 s ago", "1 min ago", "59 min ago", "2 h ago", "5 d ago"]);
});

test("the age of a run is told in few letters", () => {
  const ages = [null, 3, 60, 3599, 7200, 86400 * 5].map(briefAge);
  assert.deepEqual(ages, ["", "now", "1m", "59m", "2h", "5d"]);
});

test("a run is fresh for two minutes after its last event", () => {
  assert.deepEqual([0, 119, 120, null].map(fresh), [true, true, false, false]);
});

test("counts are told in few letters", () => {
  const counts = [0, 960, 9999, 12345, 250000, 999999, 15e6, -12345].map(fewDigits);
  assert.deepEqual(counts, ["0", "960", "9999", "12.3k", "250k", "1M", "15M", "-12.3k"]);
});

test("a name that fits is left whole", () => {
  assert.equal(cutMiddle("abcdef", 6, letters), "abcdef");
});

test("a long name keeps both ends, the last one more", () => {
  assert.equal(cutMiddle("abcdefghij", 6, letters), "ab…hij");
});

test("a name is cut between whole characters", () => {
  assert.equal(cutMiddle("🎲🎳🎯🎸🎺🎻", 4, letters), "🎲…🎺🎻");
});

test("a name without room keeps its last character", () => {
  assert.equal(cutMiddle("abc", 0, letters), "…c");
});

test("the count says how many of how many", () => {
  assert.equal(shownCount(5, 8), "5 of 8 runs shown");
  assert.equal(shownCount(1, 1), "1 of 1 run shown");
  assert.equal(shownCount(100, 10000), "100 of 10,000 runs shown");
});

test("many runs of which few are shown are explained in one line", () => {
  assert.equal(explanation({ mode: "newest" }, 100, 5000, 100, 500), "5,000 runs: the newest 100 are shown");
  assert.equal(explanation({ mode: "newest" }, 500, 500, 100, 500), "");
});

test("a standing pattern is named", () => {
  assert.equal(explanation({ mode: "pattern", pattern: "^lr" }, 2, 8, 100, 500), "Shown: runs that match ^lr");
});

test("a selection that finds no run says so", () => {
  const told = (selection, total = 8) => explanation(selection, 0, total, 100, 500);
  assert.equal(told({ mode: "pattern", pattern: "nosuchrun" }), "No run matches nosuchrun");
  assert.equal(told({ mode: "only", runs: ["gone"] }), "No run is named gone");
  assert.equal(told({ mode: "only", runs: ["gone", "lost"] }), "None of the 2 runs chosen is here");
  assert.equal(told({ mode: "only", runs: [] }), "");
  assert.equal(told({ mode: "only", runs: ["gone"] }, 0), "");
});

test("matches are counted in words", () => {
  assert.deepEqual([1, 59].map(matchCount), ["1 run matches", "59 runs match"]);
});

test("a wrong regex says why and what the list still holds", () => {
  assert.equal(wrongRegex("Unterminated group", ""), "Not a regex (unterminated group); every run is listed");
  assert.equal(wrongRegex("Nothing to repeat", "lr"), "Not a regex (nothing to repeat); still listed: lr");
});

test("the freshness line tells the age or the progress", () => {
  assert.equal(readLine(null, 3.2), "read 3 s ago");
  assert.equal(readLine(null, null), "not read yet");
  assert.equal(readLine({ done: 12, total: 40 }, 3), "reading 12 of 40 files");
  assert.equal(intervalTitle(5), "Read again every 5 s");
  assert.equal(intervalTitle(null), "Not read again by itself");
});

test("a first read is never in the future", () => {
  assert.equal(clockLead(100, 130, null, 0), -30);
  assert.equal(clockLead(100, 70, null, 0), 0);
});

test("a read that arrives while the list is open is no seconds old", () => {
  assert.equal(clockLead(3700, 105, 100, 0), 3595);
  assert.equal(clockLead(3704, 105, 105, 3595), 3595);
  assert.equal(clockLead(3704, null, 105, 3595), 3595);
});
