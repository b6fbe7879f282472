# Fovea needs Python 3.11 or newer, git and make; everything else goes into .venv, once.

PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
JOBS ?= 3
PORT ?=
ADDRESS ?=
TABLES ?=

python := .venv/bin/python
# Files side by side, each on one thread: faster than one after another on many. tests/conftest.py orders them.
# What one of the many processes has compiled the others take, even where Python is set to keep nothing.
pytest := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(python) -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder
pip := $(python) -m pip install --disable-pip-version-check
mechanisms := plain self-attention squeeze-excitation feature-gate spatial-gate cbam attention-pooling recurrent transformer
new_enough := import sys; sys.exit(sys.version_info < (3, 11))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help app test test-all bench tables tasks shots lint requirements requirements-dev

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 16

app: requirements ## start Fovea; PORT=8600 takes another port, ADDRESS=0.0.0.0 lets other machines in
	@$(python) -m streamlit run app/main.py $(if $(PORT),--server.port $(PORT)) $(if $(ADDRESS),--server.address $(ADDRESS))

test: requirements-dev ## the fast tests, a few minutes; JOBS=4 runs four files at a time
	@$(pytest)

test-all: requirements-dev ## every test, the slow ones too
	@$(pytest) -m ""

bench: requirements-dev ## how long passes, methods and pages take, as ratios
	@OMP_NUM_THREADS=1 $(python) -m tests.benchmarks.bench
	@OMP_NUM_THREADS=1 $(python) -m tests.benchmarks.foreign
	@OMP_NUM_THREADS=1 $(python) -m tests.benchmarks.methods
	@$(python) -m tests.browser.click_time
	@$(python) -m tests.benchmarks.scan
	@$(python) -m tests.benchmarks.opening

tables: requirements-dev ## measure again, and write README.md's tables; TABLES=models only that one, at once
	@OMP_NUM_THREADS=1 $(python) -m tests.benchmarks.readme $(TABLES)

# In this order, as some start from the plain model or from the one with self-attention.
tasks: requirements ## train every model of the tasks, hours on two cores; what was stopped goes on from its last epoch
	@printf '%s\n' sun-or-moon marked same-row signposts odd-one-out | OMP_NUM_THREADS=1 xargs -P 2 -I{} \
	  $(python) -m core train $(mechanisms:%=tasks-{}/%)

shots: requirements-dev ## draw the README's picture again, in a real browser
	@$(python) -m tests.browser.shots

lint: requirements-dev ## what ruff finds, and mypy in core
	@$(python) -m ruff check
	@$(python) -m ruff format --check
	@$(python) -m mypy

# A copy of each list in .venv states what is installed: while both are the same, neither pip nor the network is used.
requirements: $(python)
	@cmp -s requirements.txt .venv/requirements.txt || { \
	  echo "Installing what Fovea needs, once: up to 6 GB on disk, most of it PyTorch; unpacking it is quiet for a while."; \
	  $(pip) -r requirements.txt && cp requirements.txt .venv/; }

requirements-dev: requirements
	@cmp -s requirements-dev.txt .venv/requirements-dev.txt || { \
	  echo "Installing what the tests need, once."; \
	  $(pip) -r requirements-dev.txt && cp requirements-dev.txt .venv/; }

# The first Python of the list that is new enough makes the environment; half an environment is not kept.
$(python):
	@for python in $(PYTHON); do \
	  if "$$python" -c "$(new_enough)" 2>/dev/null; then exec "$$python" -m venv --clear .venv; fi; \
	done; \
	echo "Fovea needs Python 3.11 or newer, and found only: $$($(firstword $(PYTHON)) --version 2>&1). Install a newer one, or name it:" \
	  "make app PYTHON=/path/to/python3.12" >&2; exit 1
