"""Measure a table as a visitor meets it, in a browser, on a running app.

    python -m tests.benchmarks.sheet http://127.0.0.1:8501 hp:lr

The column named is filtered and sorted; it must hold numbers. Prints milliseconds: from the click in the menu until the
table is painted, from letting go of the range slider until the rows that pass are and until the server has said which, of
sorting, and of frames while scrolling. The machine should have nothing else to do.
"""

import shutil
import sys
from statistics import median
from typing import Any

from tests.browser.conftest import BROWSERS, FLAGS

TURNS = 5
FILTERED = """
async (slider, place) => {
  const root = slider.getRootNode().querySelector('.sheet');
  const count = root.querySelector('.bar > .count');
  const before = count.textContent;
  const start = performance.now();
  slider.value = place;
  slider.dispatchEvent(new Event('change'));
  while (count.textContent === before) await new Promise(requestAnimationFrame);
  const seen = Number(root.dataset.painted) - start;
  while (root.hasAttribute('data-waiting')) await new Promise(requestAnimationFrame);
  return [seen, Number(root.dataset.painted) - start];
}
"""
SORTED = """
async (head) => {
  const root = head.closest('.sheet');
  const [start, before] = [performance.now(), root.dataset.painted];
  head.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  while (root.dataset.painted === before) await new Promise(requestAnimationFrame);
  return Number(root.dataset.painted) - start;
}
"""
SCROLLED = """
async (scroller, [across, down]) => {
  const found = [];
  let last = performance.now();
  for (let turn = 0; turn < 90; turn += 1) {
    scroller.scrollBy(across, down);
    await new Promise(requestAnimationFrame);
    found.push(performance.now() - last);
    last = performance.now();
  }
  return found;
}
"""


def main(site: str, key: str) -> None:
    """Measure the table of the HParams page of a running app."""

    from playwright.sync_api import sync_playwright

    path = next(found for name in BROWSERS if (found := shutil.which(name)))
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{site}/hparams")
        page.wait_for_selector(".sheet[data-painted]", timeout=120_000)
        measure(page, key)
        browser.close()


def measure(page: Any, key: str) -> None:
    """Print the figures of the table on a page."""
    opened = []
    for _ in range(TURNS):
        page.get_by_role("link", name="Inspect").click()
        page.wait_for_selector(".sheet", state="detached")
        page.wait_for_timeout(1500)
        start = page.evaluate("performance.now()")
        page.get_by_role("link", name="HParams").click()
        page.wait_for_selector(".sheet[data-painted]")
        opened.append(float(page.locator(".sheet").get_attribute("data-painted")) - start)
    said("opened", opened)
    scroller = page.locator(".sheet .scroller")
    head = page.locator(f'.sheet .th[data-key="{key}"]')
    while head.count() == 0:
        scroller.evaluate("scroller => scroller.scrollBy(300, 0)")
        page.wait_for_timeout(100)
    head.click(button="right")
    page.get_by_role("menuitem", name="Filter…", exact=True).click()
    slider = page.locator(".sheet .handle").first
    slider.wait_for()
    page.wait_for_timeout(1000)
    filtered = []
    for turn in range(1, TURNS + 1):
        filtered.append(slider.evaluate(FILTERED, 100 * turn))
        page.wait_for_timeout(1000)
    said("filtered", [seen for seen, _answered in filtered])
    said("by the server", [answered for _seen, answered in filtered])
    page.keyboard.press("Escape")
    sorts = []
    for _ in range(TURNS):
        sorts.append(head.evaluate(SORTED))
        page.wait_for_timeout(1000)
    said("sorted", sorts)
    said("frames down", scroller.evaluate(SCROLLED, [0, 180]))
    said("frames across", scroller.evaluate(SCROLLED, [40, 0]))


def said(what: str, found: list[float]) -> None:
    """Print a row of the report."""
    print(f"{what:14} median {median(found):7.0f} ms   worst {max(found):7.0f} ms")


if __name__ == "__main__":
    main(*sys.argv[1:3])
