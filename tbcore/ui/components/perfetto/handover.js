/** How Perfetto is given a trace: asked until it answers, then sent the bytes. */

const EVERY = 50; // milliseconds between questions
const PATIENCE = 60_000;

/** Return the origin of an address. */
export function originOf(url) {
  return new URL(url).origin;
}

/** Call `done(ok)` once the window of Perfetto has been given `bytes`. clock: setTimeout and the like. */
export function handOver(target, url, name, bytes, done, clock = window) {
  const origin = originOf(url);
  const until = clock.performance.now() + PATIENCE;
  let timer = 0;
  const stop = (ok) => {
    clock.clearTimeout(timer);
    clock.removeEventListener("message", heard);
    done(ok);
  };
  const heard = (event) => {
    if (event.source !== target || event.origin !== origin || event.data !== "PONG") return;
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    target.postMessage({ perfetto: { buffer, title: name, fileName: `${name}.json.gz` } }, origin, [buffer]);
    stop(true);
  };
  const ask = () => {
    if (target.closed || clock.performance.now() > until) {
      stop(false);
      return;
    }
    target.postMessage("PING", origin);
    timer = clock.setTimeout(ask, EVERY);
  };
  clock.addEventListener("message", heard);
  ask();
}
