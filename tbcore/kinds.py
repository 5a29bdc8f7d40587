"""The kinds of summary: what a series holds, decided by the plugin and the form it was written with.

plugin: the name in the metadata of a tag, "" when there is none.
form: which field of the message the value was written in, as listed in `tbcore.formats.events`, or "scalar" for a
number that was taken out of a field already.
"""

from dataclasses import dataclass
from typing import Literal

DataClass = Literal["scalar", "tensor", "blobs"]


@dataclass(frozen=True)
class Kind:
    """One kind of summary.

    data_class: what a value is: one number, one array, or a sequence of opaque bytes.
    plugins: the plugin names that mean this kind; forms: the fields that mean it whatever the plugin.
    """

    name: str
    title: str
    data_class: DataClass
    plugins: tuple[str, ...]
    forms: tuple[str, ...]


_GRAPH_PLUGINS = ("graphs", "graph_keras_model")
_RUN_METADATA_PLUGINS = ("graph_run_metadata", "graph_run_metadata_graph", "graph_tagged_run_metadata")

# Embeddings and profiles lie in files beside the events, so nothing in an event maps to them.
KINDS = (
    #    name              title             data class  plugins                forms
    Kind("scalars",        "Scalars",        "scalar",   ("scalars",),          ("simple_value", "scalar")),
    Kind("histograms",     "Histograms",     "tensor",   ("histograms",),       ("histo",)),
    Kind("images",         "Images",         "blobs",    ("images",),           ("image",)),
    Kind("audio",          "Audio",          "blobs",    ("audio",),            ("audio",)),
    Kind("text",           "Text",           "tensor",   ("text",),             ()),
    Kind("pr_curves",      "PR curves",      "tensor",   ("pr_curves",),        ()),
    Kind("meshes",         "Meshes",         "tensor",   ("mesh",),             ()),
    Kind("hparams",        "HParams",        "tensor",   ("hparams",),          ()),
    Kind("custom_scalars", "Custom scalars", "tensor",   ("custom_scalars",),   ()),
    Kind("graphs",         "Graphs",         "blobs",    _GRAPH_PLUGINS,        ("graph_def", "meta_graph_def")),
    Kind("run_metadata",   "Run metadata",   "blobs",    _RUN_METADATA_PLUGINS, ("tagged_run_metadata",)),
    Kind("session_log",    "Sessions",       "blobs",    (),                    ("session_log",)),
    Kind("embeddings",     "Embeddings",     "tensor",   (),                    ()),
    Kind("profiles",       "Profiles",       "blobs",    (),                    ()),
    Kind("tensors",        "Tensors",        "tensor",   (),                    ("tensor",)),
    Kind("empty",          "Empty values",   "tensor",   (),                    ("none",)),
)  # fmt: skip

BY_NAME = {kind.name: kind for kind in KINDS}
BY_PLUGIN = {plugin: kind for kind in KINDS for plugin in kind.plugins}
BY_FORM = {form: kind for kind in KINDS for form in kind.forms}


def kind_of(plugin: str, form: str) -> str:
    """Return the name of the kind of a value written in `form` under `plugin`.

    A legacy form says the kind by itself. Rank-0 numbers under the plugin "scalars" are handed in as "scalar"; with
    form "tensor" they have another rank and are "tensors". A value without a value has the kind of its plugin, since
    hparams keep theirs in the metadata. Raises KeyError when the form is not a form.
    """
    kind = BY_FORM[form]
    if form not in ("tensor", "none") or plugin in ("", "scalars"):
        return kind.name
    return BY_PLUGIN.get(plugin, BY_NAME["tensors"]).name
