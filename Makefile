# coplearn: every verb of the project. Needs Python 3.11 or later, GNU make and git; all else goes into .venv.

PYTHON ?= python3
WORKERS ?= 2

VENV := .venv
STAMP := $(VENV)/.installed
# The environment's own programs come first, so that a notebook's kernel is the interpreter in .venv and not
# another one that Jupyter happens to know. One thread per process: two notebooks run side by side.
RUN := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" JUPYTER_PREFER_ENV_PATH=1 PYTHONNOUSERSITE=1 \
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 VECLIB_MAXIMUM_THREADS=1 NUMBA_NUM_THREADS=1
PY := $(RUN) $(VENV)/bin/python
# pip tells what it does on a terminal, and only what went wrong in a log.
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check $(if $(MAKE_TERMOUT),,--quiet)

# An environment remembers where it was made; in a folder that was moved it is made again.
MOVED := $(shell test -s $(STAMP) && test "$$(cat $(STAMP))" != "$(CURDIR)" && rm -f $(STAMP) && echo moved)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install study test notebooks check paper bench data lab constraints clean

help:  ## list the verbs
	@echo "coplearn: make <verb>"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

install: $(STAMP)  ## make .venv and install coplearn with everything it needs, at the tested versions

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "coplearn needs Python 3.11 or later; $(PYTHON) is not. Try: make $(MAKECMDGOALS) PYTHON=python3.11"; \
		exit 1; }
	@echo "==> install: making $(VENV) and installing the versions in constraints.txt (a minute or two)"
	@$(if $(MOVED),echo "the folder was moved: making $(VENV) again"; rm -rf $(VENV))
	@$(VENV)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@$(PIP) install -c constraints.txt -e ".[all]"
	@printf '%s\n' "$(CURDIR)" > $@

study: install  ## run every notebook, and write its page, its figures and the paper to build/
	@$(PY) tools/study.py --workers $(WORKERS)

test: install  ## run the unit tests, the property tests, the doctests, and check every notebook's outputs
	@echo "==> test: unit tests, property tests and doctests"
	@$(PY) -m pytest -n $(WORKERS)
	@if ls notebooks/*.ipynb >/dev/null 2>&1; then \
		echo "==> test: notebooks, run again and compared with the outputs they carry"; \
		$(PY) -m pytest --nbval --nbval-current-env --nbval-cell-timeout 600 -n $(WORKERS) --dist loadfile \
			notebooks || { code=$$?; \
				test $$code -eq 5 && echo "no notebook could be checked here: their data are absent" || exit $$code; }; \
	else \
		echo "==> test: there are no notebooks yet"; \
	fi

notebooks: install  ## run every notebook and keep the outputs in the notebook itself
	@echo "==> notebooks: running each one and writing its outputs back"
	@$(PY) tools/study.py --in-place --workers $(WORKERS)

check: install  ## ruff, mypy and the import contracts
	@echo "==> check: ruff"
	@$(PY) -m ruff check .
	@echo "==> check: mypy"
	@$(PY) -m mypy
	@echo "==> check: import contracts"
	@$(RUN) $(VENV)/bin/lint-imports

paper: install  ## fill in the numbers and build build/paper.pdf
	@$(PY) tools/paper.py

bench: install  ## measure time and memory at three sizes
	@$(PY) benchmarks/run.py

data: install  ## build the shipped data sets again from their sources
	@for script in datasets/*/build.py; do \
		test -f "$$script" || continue; \
		echo "==> data: $$script"; \
		$(PY) "$$script" || exit 1; \
	done

lab: install  ## open the notebooks in JupyterLab
	@echo "==> lab: stop it with Ctrl-C"
	@$(PY) -m jupyter lab --notebook-dir=.

constraints:  ## write constraints.txt from a fresh environment with the newest versions allowed
	@echo "==> constraints: installing everything into a fresh environment (a minute or two)"
	@mkdir -p build && rm -rf build/constraints-venv
	@$(PYTHON) -m venv build/constraints-venv
	@build/constraints-venv/bin/python -m pip install --quiet --disable-pip-version-check -e ".[all]"
	@build/constraints-venv/bin/python -m pip freeze --exclude-editable > build/freeze.txt
	@{ sed -n '/^#/p' constraints.txt; grep '^[A-Za-z0-9_.-]*==' build/freeze.txt; } > build/constraints.txt
	@mv build/constraints.txt constraints.txt && rm -rf build/constraints-venv build/freeze.txt
	@echo "constraints.txt is written; make test says whether these versions serve"

clean:  ## remove what make has made, and .venv
	@echo "==> clean: removing build/, $(VENV) and caches"
	@rm -rf build dist $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
