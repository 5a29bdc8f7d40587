"""What a visitor sees and does: cards and their canvases, the tooltip, the run list, the address."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

# Where a canvas has ink, in CSS pixels of the plot, and in which colours: {left, right, top, bottom, topAt, colors}.
INK = """
plot => {
  const canvas = plot.querySelector('canvas.lines');
  const {width, height} = canvas;
  const ratio = width / plot.clientWidth;
  const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
  const ink = {left: 1e9, right: -1, top: 1e9, bottom: -1, topAt: -1, colors: {}};
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) {
    const at = 4 * (y * width + x);
    if (data[at + 3] < 128) continue;
    ink.left = Math.min(ink.left, x / ratio);
    ink.right = Math.max(ink.right, x / ratio);
    ink.bottom = Math.max(ink.bottom, y / ratio);
    if (y / ratio < ink.top) [ink.top, ink.topAt] = [y / ratio, x / ratio];
    if (data[at + 3] < 255) continue;
    const color = '#' + [0, 1, 2].map((i) => data[at + i].toString(16).padStart(2, '0')).join('');
    ink.colors[color] = (ink.colors[color] ?? 0) + 1;
  }
  return ink;
}
"""
HEADS = ("run", "smoothed", "value", "step", "time", "relative")


@dataclass(frozen=True)
class Reading:
    """One row of the tooltip, as it is spelled."""

    run: str
    smoothed: str
    value: str
    step: str
    time: str
    relative: str

    @property
    def at(self) -> int:
        """Return the step as a number."""
        return int(self.step.replace(",", ""))


def noise(seed: int, count: int) -> list[float]:
    """Return `count` repeatable values about 1 that single precision holds exactly."""
    source = random.Random(seed)
    return [1 + source.randrange(-2048, 2048) / 8192 for _ in range(count)]


def averages(values: Sequence[float], weight: float) -> list[float]:
    """Return the debiased exponential moving average as TensorBoard defines it."""
    last, found = 0.0, []
    for count, value in enumerate(values, 1):
        last = last * weight + (1 - weight) * value
        found.append(last / (1 - weight**count))
    return found


def plot(page: Any, tag: str) -> Any:
    """Return the plot of one card."""
    return page.get_by_role("img", name=tag, exact=True)


def tags(page: Any) -> list[str]:
    """Return the tags of the cards, in the order of the page."""
    return [str(tag) for tag in page.locator(".plot").evaluate_all("all => all.map(plot => plot.ariaLabel)")]


def painted(page: Any) -> list[float]:
    """Return when each painted card was painted last, in milliseconds of the page's clock."""
    found: list[float] = page.locator("[data-painted]").evaluate_all("all => all.map(card => +card.dataset.painted)")
    return found


def now(page: Any) -> float:
    """Return the page's clock in milliseconds."""
    found: float = page.evaluate("performance.now()")
    return found


def ink(page: Any, tag: str) -> dict[str, Any]:
    """Return where the curves of a card are."""
    found: dict[str, Any] = plot(page, tag).evaluate(INK)
    return found


def tooltip(page: Any) -> list[Reading]:
    """Return the rows of the tooltip, none while it is hidden."""
    rows = page.locator(".tooltip:not([hidden]) tbody tr").evaluate_all(
        "(all, heads) => all.map(row => heads.map(head => row.querySelector(`td.${head}`).textContent))", list(HEADS)
    )
    return [Reading(*row) for row in rows]


def hover(page: Any, tag: str, step: int, run: str = "") -> list[Reading]:
    """Point at a step of a card, of a run if need be, and return the tooltip's rows."""
    return place_of(page, tag, step, run)[1]


def place_of(page: Any, tag: str, step: int, run: str = "") -> tuple[float, list[Reading]]:
    """Point at a step of a card and return where it is, in CSS pixels from the plot's left edge, and the tooltip's rows."""
    box = shown(page, tag)
    low, high = 44.0, box["width"] - 11
    # Which pixel shows a step depends on the width of the labels: search for it.
    rows: list[Reading] = []
    for _ in range(16):
        x = (low + high) / 2
        rows = point(page, tag, x)
        read = next((row.at for row in rows if not run or row.run == run), -1)
        if read == step:
            return x, rows
        low, high = (x, high) if read < step else (low, x)
    raise AssertionError(f"no pixel of {tag} shows step {step}, but {rows}")


def point(page: Any, tag: str, x: float, down: float = 0.5) -> list[Reading]:
    """Point at a place of a card's plot, `down` of its height, and return the tooltip's rows."""
    box = shown(page, tag)
    page.mouse.move(box["x"] + x, box["y"] + down * box["height"])
    # The tooltip follows with the next frame.
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return tooltip(page)


def shown(page: Any, tag: str) -> dict[str, float]:
    """Scroll to a card's plot and return where it is in the window: x, y, width, height."""
    place = plot(page, tag)
    place.scroll_into_view_if_needed()
    box: dict[str, float] = place.bounding_box()
    return box


def zoom(page: Any, tag: str, left: float, right: float) -> None:
    """Drag over a card's plot between two places, in CSS pixels from its left edge."""
    box = shown(page, tag)
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + left, y)
    page.mouse.down()
    page.mouse.move(box["x"] + (left + right) / 2, y + 1)
    page.mouse.move(box["x"] + right, y)
    page.mouse.up()


def query(page: Any) -> dict[str, list[str]]:
    """Return the parameters of the address."""
    return parse_qs(urlsplit(page.url).query, keep_blank_values=True)


def until(page: Any, holds: Callable[[], Any], seconds: float = 10.0) -> float:
    """Wait until `holds()` and return how long that took, in seconds."""
    start = time.monotonic()
    while not holds():
        assert time.monotonic() - start < seconds, f"not so within {seconds} s"
        page.wait_for_timeout(20)
    return time.monotonic() - start


def wider_than_the_window(page: Any) -> bool:
    """Return whether the page has to be scrolled sideways."""
    found: bool = page.evaluate(
        "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
        ".some(part => part.scrollWidth > part.clientWidth + 1)"
    )
    return found
