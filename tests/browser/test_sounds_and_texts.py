"""The Audio and the Text tab as a visitor has them: playing, seeking, searching, comparing, and texts that mean harm."""

from pathlib import Path
from typing import Any

import pytest

from tests import eventfile
from tests.analysis.test_audio import pcm, sine
from tests.analysis.test_text import HOSTILE, value
from tests.browser import seen
from tests.browser.server import Serve, Site, Visit

NAME = "events.out.tfevents.1.host"
PLUGIN = eventfile.metadata("audio", b"\x10\x0b")
SECONDS = 6
LATER = eventfile.audio("later", pcm(sine(440, 5)))
COVER = (
    '<div style="position:fixed;inset:0;background:red;z-index:99999">covered</div>\n\n'
    "<style>*{display:none}</style>\n\n# " + "wide" * 400 + "\n\n\u202ebackwards"
)
# How many pixels of a canvas have a colour.
INK = """
([canvas, red, green, blue]) => {
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] === red && data[at + 1] === green && data[at + 2] === blue && data[at + 3] === 255) found += 1;
  }
  return found;
}
"""


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the logs."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def site(serve: Serve, logdir: Path) -> Site:
    """Two runs with tones, samples and what is no sound; texts at 30 steps, and hostile ones; a run that will grow."""
    eventfile.write(logdir / "growing" / NAME, eventfile.version(), eventfile.record(eventfile.event(0, LATER)))
    for place, run in enumerate(("first", "second")):
        start = eventfile.T0 + 100 * place
        records = [eventfile.version(start)]
        for step in (0, 10, 20):
            tone = pcm(sine(400 + 20 * step, SECONDS, size=0.5))
            two = eventfile.tensor(
                "sound/two", "string", [tone, b"loud", pcm(sine(900, 0.2)), b"short"], [2, 2], PLUGIN
            )
            values = (eventfile.audio("sound/tone", tone), two, eventfile.audio("sound/bad", b"no sound at all"))
            records.append(eventfile.record(eventfile.event(step, *values, wall=start + step)))
        for step in range(30):
            said = value([f"**{run}** at step {step}\n\nthe loss is {30 - step}"], [1], "says/it/text_summary")
            records.append(eventfile.record(eventfile.event(step, said, wall=start + step)))
        evil = [value([text], [], f"evil/{number:02}") for number, text in enumerate((*HOSTILE, COVER))]
        deep = value([f"cell {number}" for number in range(8)], [2, 2, 2], "deep/tensor")
        huge = value([b"0123456789" * 1_000_000], [], "deep/huge")
        records.append(eventfile.record(eventfile.event(29, *evil, deep, huge, wall=start + 29)))
        eventfile.write(logdir / run / NAME, *records)
    return serve(logdir)


def clip(page: Any, tag: str, run: str) -> Any:
    """Return the tile of one clip."""
    card = page.locator(".card", has=page.locator(f'h4[title="{tag}"]'))
    return card.locator(".tile", has=page.locator(f'.run[title="{run}"]'))


def seconds(tile: Any) -> float:
    """Return where the player of a clip is."""
    return float(tile.locator(".time").inner_text().split("s")[0])


def test_a_clip_plays_until_another_begins_or_the_slider_moves(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=audio&tags=tone|bad")
    first, second = clip(page, "sound/tone", "first"), clip(page, "sound/tone", "second")
    assert first.locator("canvas").evaluate(f"canvas => ({INK})([canvas, 0x42, 0x69, 0xd0])") > 2000
    assert "8 kHz · mono · 48,000 frames · 16-bit integers" in first.inner_text()
    first.get_by_role("button", name="Play").click()
    seen.until(page, lambda: seconds(first) > 0.1)
    assert first.locator(".playhead").is_visible()
    second.get_by_role("button", name="Play").click()
    seen.until(page, lambda: seconds(second) > 0.05)
    assert page.locator(".tile.playing").count() == 1
    assert seconds(first) == 0
    second.get_by_role("button", name="Pause").click()
    seen.until(page, lambda: page.locator(".tile.playing").count() == 0)
    box = second.locator(".plot").bounding_box()
    second.locator(".plot").click(position={"x": 46 + (box["width"] - 48) / 2, "y": 20})
    seen.until(page, lambda: SECONDS / 2 <= seconds(second) < SECONDS / 2 + 1)
    page.get_by_role("button", name="One step back").first.click()
    seen.until(page, lambda: "step 10" in second.inner_text())
    assert page.locator(".tile.playing").count() == 0
    seen.until(page, lambda: seen.query(page).get("step") == ["10"])
    bad = clip(page, "sound/bad", "first")
    assert "This clip cannot be decoded: it is not a WAVE file." in bad.inner_text()
    with page.expect_download() as download:
        bad.get_by_role("button", name="Download this clip as it was logged").click()
    assert Path(download.value.path()).read_bytes() == b"no sound at all"


def test_a_clip_that_plays_is_heard_to_its_end_when_a_newer_one_is_logged(
    site: Site, logdir: Path, visit: Visit
) -> None:
    page = visit(site, "/media?tab=audio&tags=later")
    tile = clip(page, "later", "growing")
    tile.get_by_role("button", name="Play").click()
    seen.until(page, lambda: seconds(tile) > 0)
    with (logdir / "growing" / NAME).open("ab") as log:
        log.write(eventfile.record(eventfile.event(7, LATER)))
    seen.until(page, lambda: "step 0; step 7 follows" in tile.inner_text())
    assert page.locator(".tile.playing").count() == 1
    box = tile.locator(".plot").bounding_box()
    tile.locator(".plot").click(position={"x": box["width"] - 3, "y": 20})
    seen.until(page, lambda: tile.locator(".step").inner_text() == "step 7")
    assert page.locator(".tile.playing").count() == 0


def test_samples_and_groups_are_chosen_and_the_address_keeps_them(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=audio&tags=two|tone")
    first = clip(page, "sound/two", "first")
    assert "loud" in first.inner_text()
    page.get_by_role("button", name="The next sample").click()
    seen.until(page, lambda: "short" in first.inner_text())
    seen.until(page, lambda: seen.query(page).get("clip") == ["2,sound/two"])
    page.get_by_role("button", name="mel").click()
    seen.until(page, lambda: seen.query(page).get("hz") == ["mel"])
    again = visit(site, page.url.removeprefix(site.url))
    assert "short" in clip(again, "sound/two", "first").inner_text()
    assert again.get_by_role("button", name="mel").get_attribute("aria-pressed") == "true"
    again.locator(".header", has_text="sound").click()
    seen.until(again, lambda: again.locator(".tile").count() == 0)
    seen.until(again, lambda: seen.query(again).get("audio_closed") == ["sound"])


def test_hostile_texts_are_shown_as_text_and_do_nothing(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=text&tags=evil&only=first")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    shown: list[str] = []
    every = len(HOSTILE) + 1
    titles = page.locator(".card .title")
    while len(shown) < every:
        if shown:
            page.get_by_role("button", name="Next", exact=True).click()
        first = f"{len(shown):02}"
        seen.until(page, lambda expected=first: titles.first.inner_text() == expected)
        shown += titles.all_inner_texts()
        seen.until(page, lambda: page.locator(".entry").count() == titles.count())
        inert = ":is(script, img, iframe, svg:not(.icon svg, .header svg), style, object, embed, form)"
        assert page.locator(f".texts {inert}").count() == 0
        assert page.locator(".texts [style*=fixed], .texts [onclick], .texts [onerror]").count() == 0
        links = page.locator(".markdown a[href]")
        assert set(links.evaluate_all("all => all.map(link => new URL(link.href).protocol)")) <= {"https:"}
        assert set(links.evaluate_all("all => all.map(link => link.rel + link.target)")) <= {
            "noopener noreferrer_blank"
        }
        assert not seen.wider_than_the_window(page)
        assert page.get_by_test_id("stSidebar").get_by_text("Last read").is_visible()
    assert len(shown) == every
    assert dialogs == []


def test_large_texts_are_cut_and_large_tensors_are_turned(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=text&tags=deep&only=first")
    huge, tensor = (page.locator(".card", has=page.locator(f'h4[title="deep/{name}"]')) for name in ("huge", "tensor"))
    assert "9,980,000 more characters" in huge.inner_text()
    assert len(huge.locator(".body").inner_text()) <= 20_000
    with page.expect_download() as download:
        huge.get_by_role("button", name="Download this text as it was logged").click()
    assert Path(download.value.path()).stat().st_size == 10_000_000
    cells = tensor.locator(".cells td")
    assert cells.all_inner_texts() == [f"cell {number}" for number in range(4)]
    tensor.get_by_role("button", name="The next slice").click()
    seen.until(page, lambda: cells.all_inner_texts() == [f"cell {number}" for number in range(4, 8)])


def test_a_search_leads_to_the_text_and_two_are_compared(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=text&tags=says&text_look=Search", curves=False)
    page.get_by_placeholder("Search all steps").fill(r"loss is 13\b")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hit")
    assert page.locator(".hit mark").all_inner_texts() == ["loss is 13", "loss is 13"]
    assert seen.query(page)["find"] == [r"loss is 13\b"]
    page.locator(".hit").last.click()
    found = page.locator(".entry.found")
    seen.until(page, lambda: found.count() == 1)
    seen.until(page, lambda: seen.query(page).get("step") == ["17"])
    assert "second at step 17" in found.inner_text()
    assert found.locator("mark").all_inner_texts() == ["loss is 13"]
    page = visit(site, "/media?tab=text&tags=says&text_look=Compare&a_run=first&a_step=3&b_run=second&b_step=3")
    assert page.locator(".changes del").all_inner_texts() == ["first"]
    assert page.locator(".changes ins").all_inner_texts() == ["second"]
    assert "line-through" in page.locator(".changes del").evaluate("node => getComputedStyle(node).textDecorationLine")
    assert [sign for sign in page.locator(".changes .sign").all_inner_texts() if sign.strip()] == ["−", "+"]
    page.get_by_role("radio", name="Unified").or_(page.get_by_role("button", name="Unified")).first.click()
    seen.until(page, lambda: page.locator(".changes:not(.sides)").count() == 1)
    seen.until(page, lambda: seen.query(page).get("text_layout") == ["Unified"])
