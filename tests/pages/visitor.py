"""A visitor of the app, without a browser."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

APP = Path(__file__).resolve().parents[2] / "app.py"


def visited(page: str, /, **parameters: str | list[str]) -> AppTest:
    """Run the app as a visitor who comes with query parameters, and go to a page."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    if page:
        app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    """Return what the page says in words: captions, Markdown, errors."""
    return "\n".join(one.value for one in (*app.main.caption, *app.main.markdown, *app.main.error))


def told(app: AppTest) -> str:
    """Return the facts that stand beside a picture, as HTML."""
    return "\n".join(one.proto.body for one in app.get("html"))


def press(app: AppTest, words: str) -> AppTest:
    """Press the one button with these words."""
    (button,) = [one for one in app.button if one.label == words]
    return button.click().run()
