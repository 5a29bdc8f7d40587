"""Each layer imports only what it may: bytes -> values -> series -> tables -> figures -> pages."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BASE = ("errors", "kinds", "names", "series")

# What of ours each layer may import, apart from itself; the longest name that fits a module is its layer.
LAYERS: dict[str, tuple[str, ...]] = {
    "tbcore.errors": (),
    "tbcore.kinds": (),
    "tbcore.names": ("errors",),
    "tbcore.series": ("kinds",),
    "tbcore.formats": ("errors", "kinds"),
    "tbcore.store": (*BASE, "formats"),
    "tbcore.analysis": (*BASE, "formats"),
    "tbcore.charts": (),
    "tbcore.exhibits": ("formats",),
    "tbcore.sweep": ("formats",),
    "tbcore.blueprint": ("formats",),
    "tbcore.recorder": ("formats",),
    "tbcore.demo": ("errors", "formats", "exhibits", "sweep", "blueprint", "recorder"),
    "tbcore.monitor": ("errors", "formats", "store"),
    "tbcore.ui": (*BASE, "store", "charts.theme"),
    # Starts the first reading: it writes the demo and has the kernels compiled meanwhile.
    "tbcore.ui.cache": (
        *BASE,
        "store",
        "demo",
        "formats.scan",
        "formats.histograms",
        "formats.chrome_trace",
        "formats.xplane",
    ),
    "tbcore.cli": (*BASE, "store", "analysis", "charts.theme", "demo", "monitor"),
    "tbcore.__main__": ("cli",),
    "tbcore": ("series", "names", "analysis", "store"),
    "pages": (*BASE, "ui", "analysis", "charts"),
    "app": ("ui",),
}
# What nobody else may import of the outside world.
ONLY = {
    "streamlit": ("tbcore.ui", "pages"),
    "numba": ("tbcore.formats", "tbcore.analysis"),
    "pandas": ("tbcore.analysis", "tbcore.ui", "tbcore.cli", "tbcore"),
    "pathlib": ("tbcore.formats.tfrecord", "tbcore.ui", "tbcore.demo", "tbcore.sweep", "tbcore.monitor", "tbcore.cli"),
}
FILES = sorted([ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "tbcore").rglob("*.py")])


def module_of(path: Path) -> str:
    """Return the name a file is imported by."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def within(module: str, layers: tuple[str, ...]) -> str:
    """Return the longest of `layers` that `module` is or lies in, "" when there is none; tbcore alone is a module."""
    found = [layer for layer in layers if module == layer or (layer != "tbcore" and module.startswith(layer + "."))]
    return max(found, key=len, default="")


def imported(path: Path) -> set[str]:
    """Return the modules a file imports, also inside its functions; of `from package import name`, the module it is."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            full = {f"{node.module}.{name.name}" for name in node.names}
            files = {name for name in full if is_ours(name)}
            found |= files | ({str(node.module)} if full - files else set())
    return found


def is_ours(name: str) -> bool:
    """Return whether `name` is a module or a package of the repository."""
    place = ROOT.joinpath(*name.split("."))
    return place.with_suffix(".py").is_file() or place.is_dir()


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    module = module_of(path)
    layer = within(module, tuple(LAYERS))
    assert layer, f"{module} belongs to no layer"
    allowed = (layer, *(f"tbcore.{name}" for name in LAYERS[layer]))
    if layer == "tbcore.ui.cache":
        allowed = ("tbcore.ui", *allowed)
    ours = {name for name in imported(path) if name.partition(".")[0] in ("tbcore", "pages", "app")}
    assert {name for name in ours if not within(name, allowed)} == set()


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_outside_packages_stay_where_they_belong(path: Path) -> None:
    module = module_of(path)
    outside = {name.partition(".")[0] for name in imported(path)}
    assert {name for name in outside & set(ONLY) if not within(module, ONLY[name])} == set()
