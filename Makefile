# make run [LOGDIR=path] [PORT=8501]   show logs, the bundled demo without LOGDIR
# make test                            lint, types and every test
PYTHON ?= python3
VENV ?= .venv
LOGDIR ?=
PORT ?= 8501
BIN = $(VENV)/bin

.PHONY: run test lint types unit setup setup-dev browser requirements benchmarks clean

run: setup
	$(BIN)/python -m streamlit run app.py --server.port $(PORT) -- $(if $(LOGDIR),--logdir "$(LOGDIR)")

test: lint types unit

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev
	$(BIN)/mypy

# Each browser file has its servers for itself: two files at a time; what does not hold beside another must hold alone.
unit: setup-dev browser
	$(BIN)/python -m pytest -n 2 --dist loadfile --ignore=tests/browser
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/browser \
	  || $(BIN)/python -m pytest --last-failed --last-failed-no-failures none tests/browser

benchmarks: setup-dev
	$(BIN)/python -m tests.benchmarks.engine
	$(BIN)/python -m tests.benchmarks.sessions

setup: $(VENV)/.runlens

setup-dev: $(VENV)/.runlens-dev

# The pinned packages, so that every machine runs what was tested.
$(VENV)/.runlens: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	@echo "Compiling the reader, once on this machine ..."
	$(BIN)/python -c "from tbcore.analysis import curves, histograms; from tbcore.formats import chrome_trace, scan, xplane; scan.warm(); curves.warm(); histograms.warm(); chrome_trace.warm(); xplane.warm()"
	touch $@

$(VENV)/.runlens-dev: $(VENV)/.runlens requirements-dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	touch $@

# Any Chrome or Chromium will do; where there is none, Debian's package.
browser:
	@if [ -n "$$CHROMIUM" ] || command -v chromium chromium-browser google-chrome google-chrome-stable chrome >/dev/null 2>&1 \
	  || [ -d "/Applications/Google Chrome.app" ]; then :; \
	elif command -v apt-get >/dev/null 2>&1; then \
	  SUDO=; [ "$$(id -u)" = 0 ] || SUDO=sudo; \
	  $$SUDO apt-get update -qq && $$SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; \
	else echo "No Chrome or Chromium was found: install one, or set CHROMIUM to its path, for the browser tests."; fi

# Written from pyproject.toml: the versions that a fresh environment resolves to, without the places they come from.
requirements:
	$(PYTHON) tests/pin.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
