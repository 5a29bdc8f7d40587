/** A card's title dragged to another card: before or after it to put it there, onto it to draw both in one. */

const EDGE_PART = 0.25;

/** Return where a card is dropped on another: "before", "after" or "onto", null when it cannot be dropped there. */
export function dropPlace(part, sameGroup, arranges, overlays) {
  const beside = sameGroup && arranges;
  if (beside && (part < EDGE_PART || !overlays)) return part < 0.5 ? "before" : "after";
  if (beside && part > 1 - EDGE_PART) return "after";
  return overlays ? "onto" : null;
}

/** Return `tags` with one of them moved before or after another. */
export function movedTo(tags, tag, target, place) {
  const others = tags.filter((other) => other !== tag);
  others.splice(others.indexOf(target) + (place === "after" ? 1 : 0), 0, tag);
  return others;
}

/** Return `tags` in the order of those that were put in order; the others follow each its own neighbour before it. */
export function inOrder(tags, order) {
  if (!order?.length) return tags;
  const chosen = order.filter((tag) => tags.includes(tag));
  const arranged = [...chosen];
  tags.forEach((tag, at) => {
    if (chosen.includes(tag)) return;
    arranged.splice(at ? arranged.indexOf(tags[at - 1]) + 1 : 0, 0, tag);
  });
  return arranged;
}

/** Let the card be dragged and dropped upon; `drop(card, target, place)` is called. */
export function listenDrag(card, board, drop) {
  const { root, head } = card;
  const placeOf = (event) => {
    const from = board.carried;
    if (!from || from === card) return null;
    const { left, width } = root.getBoundingClientRect();
    return dropPlace((event.clientX - left) / width, from.group === card.group, board.can("arrange"), board.can("overlay"));
  };
  const mark = (place) => {
    if (place) root.dataset.drop = place;
    else delete root.dataset.drop;
  };
  head.addEventListener("dragstart", (event) => {
    board.carried = card;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.tag);
    root.classList.add("carried");
  });
  head.addEventListener("dragend", () => {
    board.carried = null;
    root.classList.remove("carried");
  });
  root.addEventListener("dragover", (event) => {
    const place = placeOf(event);
    mark(place);
    if (place) event.preventDefault();
  });
  root.addEventListener("dragleave", (event) => !root.contains(event.relatedTarget) && mark(null));
  root.addEventListener("drop", (event) => {
    const place = placeOf(event);
    mark(null);
    if (!place) return;
    event.preventDefault();
    drop(board.carried, card, place);
  });
}
