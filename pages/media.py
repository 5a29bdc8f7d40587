"""To come."""

from tbcore import ui

ui.no_data("images", "images")
