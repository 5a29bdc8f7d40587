"""What pages use: the view, the frame and the components. The only package that imports Streamlit."""

from tbcore.ui.frame import View, finite, folding, no_data, nothing_selected, page_config, plain, run, view, zone
from tbcore.ui.query import put_query

__all__ = [
    "View",
    "finite",
    "folding",
    "no_data",
    "nothing_selected",
    "page_config",
    "plain",
    "put_query",
    "run",
    "view",
    "zone",
]
