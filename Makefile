VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
export PADAN_HOME ?= $(CURDIR)/var

.PHONY: demo test check lint format peers clean

# Everything from nothing to a running service on http://127.0.0.1:8000.
demo: $(INSTALLED)
	$(BIN)/padan demo

# Style, types and the tests that need nothing but the code: a minute and a half.
check: lint
	$(BIN)/pytest -m "not slow and not integration" -n 2 --dist loadfile

# Style, types and every test that is not marked slow.
test: lint
	$(BIN)/padan encoder install
	$(BIN)/pytest -m "not slow" -n 2 --dist loadfile

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The libraries that the benchmarks compare with.
peers: $(INSTALLED)
	$(BIN)/pip install --quiet --constraint requirements.lock --editable ".[bench]"
	$(BIN)/pip install --quiet --no-deps rectools==0.19.0

clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache

$(INSTALLED): pyproject.toml clients/python/pyproject.toml requirements.lock $(wildcard models/kernels/*.pyx)
	test -x $(BIN)/python || python3 -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint requirements.lock --editable ".[dev]" --editable clients/python
	touch $@
