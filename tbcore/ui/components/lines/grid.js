/** Groups of cards: headers that open and close, pages of cards. */

import { arrange, element, newIcon } from "./dom.js";
import { wholeNumber } from "./format.js";

/** Return a new group; `choose({open | page})` is called when the visitor opens, closes or turns its pages. */
export function newGroup(name, choose) {
  const group = {
    root: element("section", "group"), header: element("button", "header"), count: element("span", "number"),
    cards: element("div", "cards"), pages: element("nav", "pages"), page: 0, last: 0, open: false,
  };
  group.header.type = "button";
  const label = element("span", name ? "name" : "name nameless", name || "tags without a group");
  group.header.append(newIcon("caret"), label, group.count);
  group.header.addEventListener("click", () => choose({ open: !group.open }));
  const turn = (text, by) => {
    const button = element("button", "segment", text);
    button.type = "button";
    button.addEventListener("click", () => choose({ page: group.page + by }));
    return button;
  };
  group.previous = turn("Previous", -1);
  group.next = turn("Next", 1);
  group.input = element("input");
  Object.assign(group.input, { type: "number", min: "1" });
  group.input.setAttribute("aria-label", `Page of ${label.textContent}`);
  group.input.addEventListener("change", () => {
    const wanted = Math.round(Number(group.input.value)) - 1;
    const page = Math.min(group.last, Math.max(0, Number.isFinite(wanted) ? wanted : group.page));
    group.input.value = String(page + 1);
    choose({ page });
  });
  group.total = element("span");
  const place = element("label");
  place.append(element("span", "", "page"), group.input, group.total);
  group.pages.append(group.previous, place, group.next);
  group.pages.setAttribute("aria-label", `Pages of ${label.textContent}`);
  group.root.append(group.header, group.cards, group.pages);
  return group;
}

/** Return the tags on the group's current page; none when it is closed. */
export function pageOf(tags, open, page, size) {
  const last = Math.max(0, Math.ceil(tags.length / size) - 1);
  const current = Math.min(Math.max(0, page), last);
  return { tags: open ? tags.slice(current * size, (current + 1) * size) : [], page: current, last };
}

/** Write the group's state and put `cards` into it. */
export function dressGroup(group, count, open, { page, last }, cards, empty = 0) {
  Object.assign(group, { open, page, last });
  group.header.setAttribute("aria-expanded", String(open));
  group.count.textContent = wholeNumber(count) + (empty ? ` (${wholeNumber(empty)} without points hidden)` : "");
  arrange(group.cards, cards);
  group.cards.hidden = !open;
  group.pages.hidden = !open || last === 0;
  group.previous.disabled = page === 0;
  group.next.disabled = page === last;
  group.input.max = String(last + 1);
  group.input.value = String(page + 1);
  group.total.textContent = `of ${wholeNumber(last + 1)}`;
}
