"""Each component is one script made of modules: nothing is missing, doubled or out of order in it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tbcore.ui.components import (
    audio,
    cloud,
    compare,
    distributions,
    flame,
    graph,
    images,
    lines,
    meshes,
    parallel,
    perfetto,
    pr_curves,
    ranking,
    runs,
    scatter,
    sheet,
    stepper,
    text,
    trace,
)
from tbcore.ui.components.bundle import bundle, packed, stripped

_IMPORT = re.compile(r'^import (?:\{ (?P<names>[^}]*) \}) from "(?P<file>\.[^"]*)";$')
_TOP = re.compile(r"^(?:export )?(?:default )?(?:async )?(?:function\*?|const|let|class) (?P<name>\w+)", re.MULTILINE)
_OTHER_TOP = re.compile(r"^(?:export )?(?:const|let) [\[{]|^var ", re.MULTILINE)

COMPONENTS = {
    "audio": (Path(audio.__file__).parent, audio.MODULES),
    "text": (Path(text.__file__).parent, text.MODULES),
    "images": (Path(images.__file__).parent, images.MODULES),
    "lines": (Path(lines.__file__).parent, lines.MODULES),
    "cloud": (Path(cloud.__file__).parent, cloud.MODULES),
    "cloud_rows": (Path(cloud.__file__).parent, cloud.ROWS_MODULES),
    "compare": (Path(compare.__file__).parent, compare.MODULES),
    "distributions": (Path(distributions.__file__).parent, distributions.MODULES),
    "distributions_bar": (Path(distributions.__file__).parent, distributions.BAR_MODULES),
    "flame": (Path(flame.__file__).parent, flame.MODULES),
    "graph": (Path(graph.__file__).parent, graph.MODULES),
    "meshes": (Path(meshes.__file__).parent, meshes.MODULES),
    "perfetto": (Path(perfetto.__file__).parent, perfetto.MODULES),
    "trace": (Path(trace.__file__).parent, trace.MODULES),
    "parallel": (Path(parallel.__file__).parent, parallel.MODULES),
    "ranking": (Path(ranking.__file__).parent, ranking.MODULES),
    "scatter": (Path(scatter.__file__).parent, scatter.MODULES),
    "pr_curves": (Path(pr_curves.__file__).parent, pr_curves.MODULES),
    "pr_curves_bar": (Path(pr_curves.__file__).parent, pr_curves.BAR_MODULES),
    "sheet": (Path(sheet.__file__).parent, sheet.MODULES),
    "stepper": (Path(stepper.__file__).parent, stepper.MODULES),
    "runs": (runs.FOLDER, runs.MODULES),
}
each_component = pytest.mark.parametrize(("folder", "names"), COMPONENTS.values(), ids=COMPONENTS)


@each_component
def test_no_two_modules_share_a_top_level_name(folder: Path, names: tuple[str, ...]) -> None:
    source = bundle(folder, names)
    assert not _OTHER_TOP.findall(source), "a declaration whose names this test cannot read"
    tops = _TOP.findall(source)
    assert sorted(tops) == sorted(set(tops))


@each_component
def test_every_import_is_of_a_module_before_it_that_exports_the_name(folder: Path, names: tuple[str, ...]) -> None:
    exported: dict[Path, set[str]] = {}
    for name in names:
        path = (folder / name).resolve()
        source = path.read_text(encoding="utf-8")
        for line in source.splitlines():
            if not line.startswith("import"):
                continue
            found = _IMPORT.match(line)
            assert found, f"{name}: not one line of names from a file: {line}"
            origin = (path.parent / found["file"]).resolve()
            assert origin in exported, f"{name}: {found['file']} is not bundled before it"
            assert set(found["names"].split(", ")) <= exported[origin], f"{name}: {line}"
        exported[path] = {
            top for top in _TOP.findall(source) if re.search(rf"^export .*\b{top}\b", source, re.MULTILINE)
        }


@each_component
def test_no_import_is_left_in_the_bundle_and_one_export_is(folder: Path, names: tuple[str, ...]) -> None:
    source = bundle(folder, names)
    assert re.findall(r"^\s*import\b", source, re.MULTILINE) == []
    assert re.findall(r"^export .*?\(", source, re.MULTILINE) == re.findall(
        r"^export default function \w+\(", source, re.MULTILINE
    )
    assert len(re.findall(r"^export ", source, re.MULTILINE)) == 1


@each_component
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on the PATH")
def test_the_bundle_is_valid_javascript(folder: Path, names: tuple[str, ...], tmp_path: Path) -> None:
    script = tmp_path / "bundle.mjs"
    script.write_text(bundle(folder, names), encoding="utf-8")
    done = subprocess.run(["node", "--check", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_stripped_script_lacks_comments_and_indentation_and_nothing_else() -> None:
    source = "/** What it does.\n * More. */\nfunction f() {\n  // Why.\n  return '// no comment'; // at the end\n\n}\n"
    assert stripped(source) == "function f() {\nreturn '// no comment'; // at the end\n}\n"


def test_no_text_of_the_curves_has_more_than_one_line() -> None:
    assert [line for line in bundle(*COMPONENTS["lines"]).splitlines() if line.count("`") % 2] == []


def test_the_curves_travel_in_at_most_60_kilobytes() -> None:
    assert len(packed(bundle(*COMPONENTS["lines"]))) <= 60_000
