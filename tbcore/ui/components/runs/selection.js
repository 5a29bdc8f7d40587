/** Which runs are shown: the rules of tbcore/ui/selection.py, tested against the same table of cases. */

export const SHOW_ALL_UP_TO = 500;

const FOREIGN =
  /\(\?(?![:=!])|\\(?![dDwWsSbBnrtfv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^a-zA-Z0-9])|\[\^?\]|\{,|[*+?}]\+/;

/** Return {regex} of `pattern`, or {reason}: why the browser takes it for none. */
export function compiled(pattern) {
  try {
    return { regex: new RegExp(pattern, "i") };
  } catch (error) {
    return { reason: error.message.slice(error.message.lastIndexOf(": ") + 2) };
  }
}

/** Return whether Python and every browser read `pattern`, and read it alike. */
export function portable(pattern) {
  return !FOREIGN.test(pattern) && compiled(pattern).regex !== undefined;
}

/** Return for each run of `names`, oldest first, whether `selection` shows it; "newest" shows `limit` of many runs. */
export function shownFlags(names, selection, limit) {
  const runs = new Set(selection.runs);
  switch (selection.mode) {
    case "only":
      return names.map((name) => runs.has(name));
    case "except":
      return names.map((name) => !runs.has(name));
    case "pattern":
      return matches(names, compiled(selection.pattern).regex);
    case "newest": {
      const hidden = names.length > SHOW_ALL_UP_TO ? names.length - limit : 0;
      return names.map((_, index) => index >= hidden);
    }
    default:
      return names.map(() => true);
  }
}

/** Return for each name whether `regex` matches it; none does when there is no regex. */
export function matches(names, regex) {
  return names.map((name) => regex !== undefined && regex.test(name));
}

/** Return the rule that shows every one of `count` runs: the one a visitor starts with while that shows them too. */
export function everyRun(count) {
  return { mode: count <= SHOW_ALL_UP_TO ? "newest" : "all" };
}

/** Return the shortest rule that shows exactly the runs flagged in `flags`. */
export function selectionOf(names, flags) {
  const kept = names.filter((_, index) => flags[index]);
  if (kept.length === names.length) return everyRun(names.length);
  if (kept.length <= names.length - kept.length) return { mode: "only", runs: kept };
  return { mode: "except", runs: names.filter((_, index) => !flags[index]) };
}

/** Return the rule that shows what `pattern` matches, now and later; by name where Python would read it differently. */
export function selectionOfMatches(names, pattern) {
  if (portable(pattern)) return { mode: "pattern", pattern };
  const { regex } = compiled(pattern);
  return { mode: "only", runs: names.filter((name) => regex !== undefined && regex.test(name)) };
}

/**
 * Return [the selection to go by, what is still on its way] when the server says `said`, having said `before`.
 *
 * sent: what was chosen here and not yet answered, oldest first, as JSON. An answer to something older than the last
 * choice must not undo that choice; words of the server's own (a link, a button of the page) win.
 */
export function reconciled(current, sent, before, said) {
  const word = JSON.stringify(said);
  const answered = sent.lastIndexOf(word);
  if (answered >= 0) return [current, sent.slice(answered + 1)];
  if (word === JSON.stringify(before)) return [current, sent];
  return [said, []];
}
