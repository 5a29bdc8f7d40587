"""To come."""

from tbcore import ui

ui.no_data("pr_curves", "pr_curves")
