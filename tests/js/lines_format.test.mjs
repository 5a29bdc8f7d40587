import assert from "node:assert/strict";
import { test } from "node:test";

process.env.TZ = "America/New_York";
const format = await import("../../tbcore/ui/components/lines/format.js");
const { counted, duration, durationLabel, moment, momentLabel, number, tickLabels, wholeNumber } = format;

test("numbers keep four significant digits and lose trailing zeros", () => {
  const spelled = [
    [0, "0"], [-0, "0"], [1, "1"], [0.1, "0.1"], [0.123456, "0.1235"], [-2.5, "-2.5"], [1234, "1234"], [9999, "9999"],
    [9999.6, "10k"], [12300, "12.3k"], [12345.6, "12.35k"], [999960, "1M"], [1.2e6, "1.2M"], [-3.456e9, "-3.456G"],
    [1e12, "1T"], [9.9999e14, "1e15"], [1e15, "1e15"], [1.7e308, "1.7e308"], [0.0001, "0.0001"],
    [0.000123456, "0.0001235"], [0.00009999, "9.999e-5"], [3.1e-7, "3.1e-7"], [NaN, "NaN"], [Infinity, "Infinity"],
    [-Infinity, "-Infinity"],
  ];
  for (const [value, text] of spelled) assert.equal(number(value), text, String(value));
});

test("steps are spelled out in groups of three digits", () => {
  assert.equal(wholeNumber(999), "999");
  assert.equal(wholeNumber(1234567), "1,234,567");
  assert.equal(wholeNumber(-1000), "-1,000");
  assert.equal(wholeNumber(2 ** 40), "1,099,511,627,776");
  assert.equal(wholeNumber(1234.5), "1,234.5");
  assert.equal(wholeNumber(NaN), "NaN");
});

test("a count names its noun in the right number", () => {
  assert.equal(counted(1, "tag"), "1 tag");
  assert.equal(counted(0, "run"), "0 runs");
  assert.equal(counted(12345, "tag"), "12,345 tags");
});

test("durations have their two largest parts", () => {
  const spelled = [
    [0, "0s"], [2e-6, "2µs"], [0.25, "250ms"], [0.9996, "1s"], [12.34, "12.3s"], [59.96, "1m 00s"], [185, "3m 05s"],
    [3599.7, "1h 00m"], [3780, "1h 03m"], [86399, "1d 00h"], [187200, "2d 04h"], [-90, "-1m 30s"], [NaN, "NaN"],
  ];
  for (const [seconds, text] of spelled) assert.equal(duration(seconds), text, String(seconds));
});

test("moments are in local time", () => {
  assert.equal(moment(1763640843.9), "2025-11-20 07:14:03");
  assert.equal(moment(NaN), "NaN");
});

test("ticks of one axis share their unit and their decimals", () => {
  assert.deepEqual(tickLabels([0, 0.5, 1], 0.5), ["0", "0.5", "1.0"]);
  assert.deepEqual(tickLabels([0, 5000, 10000], 5000), ["0", "5k", "10k"]);
  assert.deepEqual(tickLabels([0, 2000, 4000], 2000), ["0", "2000", "4000"]);
  assert.deepEqual(tickLabels([1e12, 1.0005e12], 5e8), ["1.0000T", "1.0005T"]);
  assert.deepEqual(tickLabels([0, 1e-9, 2e-9], 1e-9), ["0", "1e-9", "2e-9"]);
  assert.deepEqual(tickLabels([-0.1, 0, 0.1, 0.30000000000000004], 0.1), ["-0.1", "0", "0.1", "0.3"]);
  assert.deepEqual(tickLabels([1e20, 2e20], 1e20), ["1e20", "2e20"]);
  assert.deepEqual(tickLabels([], 1), []);
});

test("duration ticks have no part that is zero in all of them", () => {
  assert.deepEqual([0, 900, 3600, 4500].map((tick) => durationLabel(tick, 900)), ["0", "15m", "1h", "1h 15m"]);
  assert.deepEqual([86400, 129600].map((tick) => durationLabel(tick, 43200)), ["1d", "1d 12h"]);
  assert.deepEqual([30, 60, 90].map((tick) => durationLabel(tick, 30)), ["30s", "1m", "1m 30s"]);
  assert.deepEqual([0.2, 0.4, 1.2].map((tick) => durationLabel(tick, 0.2)), ["200ms", "400ms", "1.2s"]);
  assert.equal(durationLabel(-60, 60), "-1m");
});

test("moment ticks carry the date in a second row", () => {
  const noon = Date.UTC(2025, 10, 20, 17) / 1000;
  assert.deepEqual(momentLabel(noon, 3600), ["12:00", "Nov 20"]);
  assert.deepEqual(momentLabel(noon + 5, 5), ["12:00:05", "Nov 20"]);
  assert.deepEqual(momentLabel(noon + 0.25, 0.05), ["12:00:00.250", "Nov 20"]);
  assert.deepEqual(momentLabel(noon, 86400), ["Nov 20", "2025"]);
  assert.deepEqual(momentLabel(noon, 90 * 86400), ["Nov", "2025"]);
  assert.deepEqual(momentLabel(noon, 365 * 86400), ["2025", ""]);
});
