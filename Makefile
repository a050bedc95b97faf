# make serve        start the site and the SPARQL endpoint on http://127.0.0.1:8000/
# make test         run the tests that need nothing but Python
# make integration  run the tests that need a browser, the network or another store
# make clean        remove what these made
#
# Each sets up .venv itself. Options go on as ARGS: make serve ARGS="--port 8080".

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
PIP := .venv/bin/python -m pip --disable-pip-version-check --quiet
READY := .venv/ready

.PHONY: serve test integration clean
.DELETE_ON_ERROR:

serve: $(READY)
	.venv/bin/tipgraph serve $(ARGS)

test: $(READY)
	.venv/bin/pytest $(ARGS)

integration: $(READY)
	tools/install-chromium
	tools/install-fuseki
	tools/install-virtuoso
	.venv/bin/pytest -m integration $(ARGS)

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { \
		echo "error: no Python 3.11 or later was found"; \
		echo "hint: install one, or name it: make PYTHON=/path/to/python3"; exit 1; } >&2
	@echo "Setting up .venv with $(PYTHON), which takes about a minute"
	@$(PYTHON) -m venv .venv || { \
		echo "error: $(PYTHON) cannot make a virtual environment"; \
		echo "hint: on Debian and Ubuntu: apt-get install python3-venv"; exit 1; } >&2
	@$(PIP) install --constraint constraints.txt --upgrade pip
	@$(PIP) install --constraint constraints.txt --editable . --group dev
	@touch $@
