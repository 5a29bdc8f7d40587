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
def site(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Two runs with tones, samples and what is no sound; texts at 30 steps, and hostile ones."""
    logdir = tmp_path_factory.mktemp("media")
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


def test_a_clip_plays_shows_where_it_is_and_stops_when_another_begins(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=audio")
    first, second = clip(page, "sound/tone", "first"), clip(page, "sound/tone", "second")
    assert first.locator("canvas").evaluate(f"canvas => ({INK})([canvas, 0x42, 0x69, 0xd0])") > 2000
    assert "8 kHz · mono · 48,000 frames · 16-bit integers" in first.inner_text()
    first.get_by_role("button", name="Play").click()
    seen.until(page, lambda: seconds(first) > 0.2)
    assert first.locator(".playhead").is_visible()
    second.get_by_role("button", name="Play").click()
    seen.until(page, lambda: seconds(second) > 0.1)
    assert page.locator(".tile.playing").count() == 1
    assert seconds(first) == 0
    second.get_by_role("button", name="Pause").click()
    seen.until(page, lambda: page.locator(".tile.playing").count() == 0)
    box = second.locator(".plot").bounding_box()
    second.locator(".plot").click(position={"x": 46 + (box["width"] - 48) / 2, "y": 20})
    seen.until(page, lambda: SECONDS / 2 <= seconds(second) < SECONDS / 2 + 1)


def test_the_slider_shows_other_clips_and_stops_what_plays(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=audio&tags=tone")
    first = clip(page, "sound/tone", "first")
    first.get_by_role("button", name="Play").click()
    seen.until(page, lambda: page.locator(".tile.playing").count() == 1)
    page.get_by_role("button", name="One step back").first.click()
    seen.until(page, lambda: "step 10" in first.inner_text())
    assert page.locator(".tile.playing").count() == 0
    seen.until(page, lambda: seen.query(page).get("step") == ["10"])


def test_a_sample_is_chosen_and_the_address_keeps_it(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=audio&tags=two")
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


def test_what_is_no_sound_says_so_and_can_still_be_downloaded(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=audio&tags=bad")
    first = clip(page, "sound/bad", "first")
    assert "This clip cannot be decoded: it is not a WAVE file." in first.inner_text()
    with page.expect_download() as download:
        first.get_by_role("button", name="Download this clip as it was logged").click()
    assert Path(download.value.path()).read_bytes() == b"no sound at all"


def test_hostile_texts_are_shown_as_text_and_do_nothing(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=text&tags=evil", curves=False)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    shown = 0
    for number in range(1, 6):
        page.goto(f"{site.url}/media?tab=text&tags=evil&text_page={number}")
        seen.until(page, lambda: page.locator(".entry").count() > 0)
        page.wait_for_timeout(150)
        shown += page.locator(".card").count()
        assert (
            page.locator(".texts :is(script, img, iframe, svg:not(.icon svg), style, object, embed, form)").count() == 0
        )
        assert page.locator(".texts [style*=fixed], .texts [onclick], .texts [onerror]").count() == 0
        assert set(
            page.locator(".markdown a[href]").evaluate_all("all => all.map(link => new URL(link.href).protocol)")
        ) <= {"https:"}
        assert set(
            page.locator(".markdown a[href]").evaluate_all("all => all.map(link => link.rel + link.target)")
        ) <= {"noopener noreferrer_blank"}
        assert not seen.wider_than_the_window(page)
        assert page.get_by_test_id("stSidebar").get_by_text("Last read").is_visible()
    assert shown == len(HOSTILE) + 1
    assert dialogs == []


def test_a_text_of_any_size_is_cut_and_says_so(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=text&tags=huge&only=first")
    entry = page.locator(".entry")
    assert "9,980,000 more characters" in entry.inner_text()
    assert len(entry.locator(".body").inner_text()) <= 20_000
    with page.expect_download() as download:
        entry.get_by_role("button", name="Download this text as it was logged").click()
    assert Path(download.value.path()).stat().st_size == 10_000_000


def test_the_slices_of_a_tensor_are_turned(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=text&tags=deep/tensor&only=first")
    assert page.locator(".cells td").all_inner_texts() == [f"cell {number}" for number in range(4)]
    page.get_by_role("button", name="The next slice").click()
    seen.until(
        page, lambda: page.locator(".cells td").all_inner_texts() == [f"cell {number}" for number in range(4, 8)]
    )


def test_a_search_finds_and_a_press_leads_to_the_text(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=text&text_look=Search", curves=False)
    page.get_by_placeholder("Search all steps").fill(r"loss is 13\b")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hit")
    assert page.locator(".hit mark").all_inner_texts() == ["loss is 13", "loss is 13"]
    assert seen.query(page)["find"] == [r"loss is 13\b"]
    page.locator(".hit").last.click()
    page.wait_for_selector(".entry")
    seen.until(page, lambda: seen.query(page).get("step") == ["17"])
    found = page.locator(".card.found")
    seen.until(page, lambda: found.count() == 1)
    assert "second at step 17" in found.inner_text()


def test_two_texts_are_compared_and_what_differs_is_marked(site: Site, visit: Visit) -> None:
    page = visit(site, "/media?tab=text&tags=says&text_look=Compare&a_run=first&a_step=3&b_run=second&b_step=3")
    assert page.locator(".changes del").all_inner_texts() == ["first"]
    assert page.locator(".changes ins").all_inner_texts() == ["second"]
    assert "line-through" in page.locator(".changes del").evaluate("node => getComputedStyle(node).textDecorationLine")
    assert [sign for sign in page.locator(".changes .sign").all_inner_texts() if sign.strip()] == ["−", "+"]
    page.get_by_role("radio", name="Unified").or_(page.get_by_role("button", name="Unified")).first.click()
    seen.until(page, lambda: page.locator(".changes:not(.sides)").count() == 1)
    seen.until(page, lambda: seen.query(page).get("text_layout") == ["Unified"])
