# Set-up and the everyday commands. Needs Python 3.11 or newer and make; everything else goes into .venv.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))
PY ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
        $$p -c '$(FITS)' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check format clean

run: $(VENV)/ok  ## install and run the main benchmark, ending in its table
	$(BIN)/harness run benchmarks/kabar.toml

test: $(VENV)/ok-dev  ## install what the tests need and run them all
	$(BIN)/python -m pytest -n 2

check: $(VENV)/ok-dev  ## format, lint, types, and the corpora
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/harness check corpora/kabar

format: $(VENV)/ok-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Where the system's Python comes without ensurepip, its own pip installs into the bare environment.
PIP = $(if $(wildcard $(BIN)/pip),$(BIN)/python -m pip,$(PY) -m pip --python $(BIN)/python) --disable-pip-version-check

$(VENV)/made:
	@test -n "$(PY)" || { echo "Python 3.11 to 3.14 is needed; say where it is: make PY=/path/to/python"; exit 2; }
	$(PY) -m venv $(VENV) 2>/dev/null || $(PY) -m venv --clear --without-pip $(VENV)
	@touch $@

$(VENV)/ok: pyproject.toml | $(VENV)/made
	@echo "Installing into $(VENV) (about a minute) …"
	@$(PIP) install -q -e .
	@touch $@

$(VENV)/ok-dev: pyproject.toml | $(VENV)/made
	@echo "Installing into $(VENV) with what the tests need (about a minute) …"
	@$(PIP) install -q -e '.[dev]'
	@touch $@ $(VENV)/ok

clean:
	rm -rf $(VENV) runs .pytest_cache .mypy_cache .ruff_cache .hypothesis
