/** Axis ranges and where their ticks fall. */

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const TIME_STEPS = [1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
                    HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY];
const MONTH_STEPS = [1, 2, 3, 6];
const LARGEST = 8e307;
// Ticks may come somewhat closer than asked for: the next larger unit of time is often three times as large.
const ENOUGH = 0.75;

/** Return the round number (1, 2 or 5 times a power of ten) that comes nearest to a `count`th of `span`. */
export function niceStep(span, count) {
  const rough = span / Math.max(1, count);
  const power = Number(`1e${Math.floor(Math.log10(rough))}`);
  const digit = rough / power;
  return power * (digit >= 7.07 ? 10 : digit >= 3.16 ? 5 : digit >= 1.41 ? 2 : 1);
}

/** Return {ticks, step} of a linear axis: about `count` round numbers inside [low, high], never closer than `least`. */
export function linearTicks(low, high, count, least = 0) {
  const step = Math.max(least, niceStep(high - low, count));
  return { ticks: multiples(low, high, step, 0), step };
}

/** Return {ticks, step} of a logarithmic axis; step 0 says that each tick is labelled by itself. */
export function logTicks(low, high, count) {
  const decades = Math.log10(high) - Math.log10(low);
  if (decades < 1) {
    const even = linearTicks(low, high, count);
    return { ticks: even.ticks.filter((tick) => tick > 0), step: even.step };
  }
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const stride = Math.max(1, Math.ceil((last - first + 1) / Math.max(2, count)));
  const digits = decades * 3 <= count + 1 ? [1, 2, 5] : decades * 2 <= count + 1 ? [1, 3] : [1];
  const ticks = [];
  for (let power = first - 1; power <= last; power += 1) {
    if (power % stride !== 0) continue;
    for (const digit of digits) {
      const tick = Number(`${digit}e${power}`);
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push(tick);
    }
  }
  return { ticks, step: 0 };
}

/** Return {ticks, step} of an axis of durations in seconds. */
export function durationTicks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  if (rough <= 0.5) return linearTicks(low, high, count);
  const step = TIME_STEPS.find((candidate) => candidate >= rough * ENOUGH) ?? niceStep((high - low) / DAY, count) * DAY;
  return { ticks: multiples(low, high, step, 0), step };
}

/** Return {ticks, step} of an axis of unix seconds, on round local times. */
export function momentTicks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  if (rough <= 0.5) return linearTicks(low, high, count, 1e-3);
  const step = TIME_STEPS.find((candidate) => candidate >= rough * ENOUGH);
  if (step !== undefined && step < DAY) {
    const shift = -new Date(low * 1000).getTimezoneOffset() * MINUTE;
    return { ticks: multiples(low, high, step, shift), step };
  }
  return calendarTicks(low, high, rough / DAY);
}

/** Return [low, high] made wide enough to draw: a single value gets room around it, infinite spans are cut. */
export function widened(low, high, room) {
  if (!(low <= high)) return [0, 1];
  const bottom = Math.max(low, -LARGEST);
  const top = Math.min(high, LARGEST);
  const size = Math.max(Math.abs(bottom), Math.abs(top));
  if (top - bottom > size * 1e-13) return [bottom, top];
  const middle = bottom / 2 + top / 2;
  const margin = room || (size > 0 ? size * 0.05 : 1);
  return [middle - margin, middle + margin];
}

/** Return the y range [low, high] with a little air above and below; on a log axis both ends are positive. */
export function airyRange(low, high, log) {
  if (!log) {
    const [bottom, top] = widened(low, high, 0);
    const air = (top - bottom) * 0.05;
    return [bottom - air, top + air];
  }
  if (!(low > 0 && low <= high)) return [0.1, 10];
  const [bottom, top] = [Math.log10(low), Math.log10(Math.min(high, LARGEST))];
  const air = top - bottom > 1e-9 ? (top - bottom) * 0.05 : 0.3;
  return [10 ** Math.max(-307, bottom - air), 10 ** Math.min(307.9, top + air)];
}

/** Return the scale that maps `low` to pixel `start` and `high` to pixel `end`. */
export function newScale(low, high, start, end, log = false) {
  const [from, to] = log ? [Math.log10(low), Math.log10(high)] : [low, high];
  return { low, high, start, end, log, from, factor: (end - start) / (to - from) };
}

/** Return the pixel of `value`. */
export function pixelAt(scale, value) {
  return scale.start + ((scale.log ? Math.log10(value) : value) - scale.from) * scale.factor;
}

/** Return the value at `pixel`. */
export function valueAt(scale, pixel) {
  const at = scale.from + (pixel - scale.start) / scale.factor;
  return scale.log ? 10 ** at : at;
}

function multiples(low, high, step, shift) {
  const ticks = [];
  const first = Math.ceil((low + shift) / step - 1e-9);
  const last = Math.floor((high + shift) / step + 1e-9);
  // A step too small for the values' precision would otherwise never end; adding 0 turns -0 into 0.
  for (let index = first; index <= last && ticks.length < 200; index += 1) ticks.push(index * step - shift + 0);
  return ticks;
}

function calendarTicks(low, high, roughDays) {
  const first = new Date(low * 1000);
  const ticks = [];
  const add = (date) => {
    const seconds = date.getTime() / 1000;
    if (seconds >= low && seconds <= high && ticks.at(-1) !== seconds) ticks.push(seconds);
    return seconds <= high && ticks.length < 200;
  };
  const [year, month, day] = [first.getFullYear(), first.getMonth(), first.getDate()];
  const days = [1, 2, 7, 14].find((candidate) => candidate >= roughDays * ENOUGH);
  if (days !== undefined) {
    for (let index = 0; add(new Date(year, month, day + index * days)); index += 1);
    return { ticks, step: days * DAY };
  }
  const months = MONTH_STEPS.find((candidate) => candidate * 30.5 >= roughDays * ENOUGH);
  if (months !== undefined) {
    const start = Math.floor(month / months) * months;
    for (let index = 0; add(new Date(year, start + index * months, 1)); index += 1);
    return { ticks, step: months * 30 * DAY };
  }
  const years = Math.max(1, niceStep((high - low) / (365.25 * DAY), (high - low) / DAY / roughDays));
  const start = Math.floor(year / years) * years;
  for (let index = 0; add(new Date(start + index * years, 0, 1)); index += 1);
  return { ticks, step: years * 365 * DAY };
}
