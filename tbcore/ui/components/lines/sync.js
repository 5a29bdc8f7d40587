/** What the visitor chose, on its way to the server: late enough to be one message, never what the server knows. */

const PATIENCE = 5000;

/** Return an outbox that calls `send(name, value)` once `delay` milliseconds have passed without a new value. */
export function newOutbox(send, delay, clock = globalThis) {
  return { send, delay, clock, timer: null, known: new Map(), waiting: new Map(), sent: new Map() };
}

/** Queue `value` unless the server has it already. */
export function post(outbox, name, value) {
  if (outbox.known.get(name) === JSON.stringify(value)) outbox.waiting.delete(name);
  else outbox.waiting.set(name, value);
  outbox.clock.clearTimeout(outbox.timer);
  if (outbox.waiting.size) outbox.timer = outbox.clock.setTimeout(() => flush(outbox), outbox.delay);
}

/** Note what the server says and return whether to follow it: not while an answer to something newer is due. */
export function heard(outbox, name, value) {
  const said = JSON.stringify(value);
  if (outbox.known.get(name) === said) {
    outbox.sent.delete(name);
    return false;
  }
  const due = outbox.sent.has(name) && outbox.clock.Date.now() - outbox.sent.get(name) < PATIENCE;
  if (due || outbox.waiting.has(name)) return false;
  outbox.sent.delete(name);
  outbox.known.set(name, said);
  return true;
}

/** Drop what was not sent yet. */
export function closeOutbox(outbox) {
  outbox.clock.clearTimeout(outbox.timer);
  outbox.waiting.clear();
}

function flush(outbox) {
  const waiting = [...outbox.waiting];
  outbox.waiting.clear();
  for (const [name, value] of waiting) {
    outbox.known.set(name, JSON.stringify(value));
    outbox.sent.set(name, outbox.clock.Date.now());
    outbox.send(name, value);
  }
}
