# Fovea needs Python 3.11 or newer, git and make; everything else is installed into .venv.

PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
JOBS ?= 3
PORT ?=
ADDRESS ?=
TABLES ?=

python := .venv/bin/python
# Test files run in parallel, with one thread each, which is faster than one file at a time on many threads.
# tests/conftest.py orders them. The processes share compiled bytecode, even if the user has disabled it.
pytest := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(python) -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder
pip := $(python) -m pip install --disable-pip-version-check
mechanisms := plain self-attention squeeze-excitation feature-gate spatial-gate cbam attention-pooling recurrent transformer
new_enough := import sys; sys.exit(sys.version_info < (3, 11))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help app test test-all bench load hostile soak gpu tables tasks shots lint requirements requirements-dev

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 16

app: requirements ## start Fovea; PORT=8600 sets the port, ADDRESS=0.0.0.0 allows other machines
	@$(python) -m streamlit run app/main.py $(if $(PORT),--server.port $(PORT)) $(if $(ADDRESS),--server.address $(ADDRESS) --logger.hideWelcomeMessage true)

test: requirements-dev ## run the fast tests, a few minutes; JOBS=4 runs four files at a time
	@$(pytest)

test-all: requirements-dev ## run all tests, including the slow ones
	@$(pytest) -m ""

bench: requirements-dev ## measure the time of passes, methods and pages
	@OMP_NUM_THREADS=1 $(python) -m tests.benchmarks.bench
	@OMP_NUM_THREADS=1 $(python) -m tests.benchmarks.foreign
	@OMP_NUM_THREADS=1 $(python) -m tests.benchmarks.methods
	@$(python) -m tests.browser.click_time
	@$(python) -m tests.benchmarks.scan
	@$(python) -m tests.benchmarks.opening

load: requirements-dev ## measure the time of every click, for one user and for a class of 30, up to 30 minutes
	@$(python) -m tests.benchmarks.load

hostile: requirements-dev ## open 1,700 damaged and hostile files in limited processes, about 10 minutes
	@$(python) -m tests.benchmarks.hostile

soak: requirements-dev ## measure the memory of 2,000 analyses with all models, up to 40 minutes
	@$(python) -m tests.benchmarks.soak

gpu: ## compare a GPU with the CPU, with PYTHON=python3 and its torch, torchvision, numpy and captum; installs nothing
	@$(firstword $(PYTHON)) -m tests.benchmarks.gpu

tables: requirements-dev ## measure and update the tables in README.md; TABLES=models updates only that one
	@OMP_NUM_THREADS=1 $(python) -m tests.benchmarks.readme $(TABLES)

# The order matters: some models start from the weights of the plain model or of self-attention.
tasks: requirements ## train all models of the tasks, hours on two cores; a stopped training continues from its last epoch
	@printf '%s\n' sun-or-moon marked same-row signposts odd-one-out | OMP_NUM_THREADS=1 xargs -P 2 -I{} \
	  $(python) -m core train $(mechanisms:%=tasks-{}/%)

shots: requirements-dev ## update the screenshot in README.md with a real browser
	@$(python) -m tests.browser.shots

lint: requirements-dev ## run ruff, and mypy on core
	@$(python) -m ruff check
	@$(python) -m ruff format --check
	@$(python) -m mypy

# .venv contains a copy of each installed list: while both are the same, neither pip nor the network is used.
requirements: $(python)
	@cmp -s requirements.txt .venv/requirements.txt || { \
	  echo "Installing the requirements of Fovea: up to 6 GB on disk, most of it PyTorch. Unpacking shows no output for a while."; \
	  $(pip) -r requirements.txt && cp requirements.txt .venv/; }

requirements-dev: requirements
	@cmp -s requirements-dev.txt .venv/requirements-dev.txt || { \
	  echo "Installing the requirements of the tests."; \
	  $(pip) -r requirements-dev.txt && cp requirements-dev.txt .venv/; }

# The first Python in the list that is new enough creates the environment; an incomplete environment is replaced.
$(python):
	@for python in $(PYTHON); do \
	  if "$$python" -c "$(new_enough)" 2>/dev/null; then exec "$$python" -m venv --clear .venv; fi; \
	done; \
	echo "Fovea needs Python 3.11 or newer, but found only $$($(firstword $(PYTHON)) --version 2>&1). Install a newer version, or set its path:" \
	  "make app PYTHON=/path/to/python3.12" >&2; exit 1
