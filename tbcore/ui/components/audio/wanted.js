/** Bytes that come only when they are asked for: a press asks the server, and its next answer brings them. */

const KEPT = 64 << 20; // bytes that stay here, so that playing again asks nobody
const ANSWERED = 30_000; // milliseconds after which an answer is not waited for any more

/** Return a new desk for requests; `ask(id)` of it is what tells the server. */
export function newDesk() {
  return { ask: () => {}, held: new Map(), waiting: new Map() };
}

/** Return a promise of the bytes of `id`. */
export function fetchBytes(desk, id) {
  const held = desk.held.get(id);
  if (held) return Promise.resolve(held);
  const before = desk.waiting.get(id);
  if (before) return before.promise;
  const request = {};
  request.promise = new Promise((resolve, reject) => Object.assign(request, { resolve, reject }));
  request.timer = setTimeout(() => settle(desk, id, "reject", new Error("the server did not answer")), ANSWERED);
  desk.waiting.set(id, request);
  desk.ask(id);
  return request.promise;
}

/** Take in what the server gave: a table of ids and bytes. */
export function takeIn(desk, table) {
  const [ids, bytes] = [table.getChild("id"), table.getChild("bytes")];
  for (let row = 0; row < table.numRows; row += 1) {
    const id = ids.get(row);
    // The table's memory is the message's, which shall not stay for one clip's sake.
    desk.held.set(id, bytes.get(row).slice());
    settle(desk, id, "resolve", desk.held.get(id));
  }
  let size = 0;
  for (const [id, data] of [...desk.held].reverse()) {
    size += data.length;
    if (size > KEPT && size > data.length) desk.held.delete(id);
  }
}

/** Hand bytes to the visitor as a file. Whatever they are, a browser that gets them this way only stores them. */
export function saveFile(bytes, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function settle(desk, id, how, what) {
  const request = desk.waiting.get(id);
  if (!request) return;
  clearTimeout(request.timer);
  desk.waiting.delete(id);
  request[how](what);
}
