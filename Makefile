# From a fresh clone on Debian 12 with Python 3.11, make and git: all that is fetched or written goes to .cache/ and build/.
#
#   make demo      the whole system, three real failures, a report     make test       every tier of tests, with a summary
#   make render    the config release as plain files                   make latency    how soon a page comes, measured
#   make faults    what becomes of an alarm under every fault          make detection  how soon errors page, measured
#   make bench     what it costs, beside its limits                    make lint       ruff, mypy, terraform fmt, trivy, …
#   make venv      only what the others stand on

PYTHON  ?= $(shell for python in python3.11 python3 /usr/bin/python3.11; do \
             "$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>&- && { echo "$$python"; break; }; done)
BIN     := .cache/venv/bin
RUN     := $(BIN)/python
EXAMPLE ?= examples/ananta
OUT     ?= build/rendered
TIMINGS ?= fast
KEEP    ?=
CHECKS  ?=
TIERS   ?=
UPGRADE ?=
PAGE_TIMINGS ?=
FAULTS  ?=
BENCH   ?=
DETECTION ?=

# No tool keeps its cache in the tree or in the home directory. (Compiled Python lies beside its source, ignored: the
# environments bring theirs along, which a folder of its own would hide.)
export PIP_CACHE_DIR                  := $(CURDIR)/.cache/pip
export UV_CACHE_DIR                   := $(CURDIR)/.cache/uv
export MYPY_CACHE_DIR                 := $(CURDIR)/.cache/mypy
export RUFF_CACHE_DIR                 := $(CURDIR)/.cache/ruff
export HYPOTHESIS_STORAGE_DIRECTORY   := $(CURDIR)/.cache/hypothesis
export PYTHONUNBUFFERED               := 1
export TIMINGS KEEP

.PHONY: help venv lock lint test demo render latency detection faults bench clean
.DEFAULT_GOAL := help

help:
	@sed -n '3,7s/^# *//p' Makefile

# A warm call reads two small files.
venv:
	@test -n "$(PYTHON)" || { echo "✗ Python 3.11 is needed: neither python3.11 nor python3 on PATH is one" >&2; exit 1; }
	@$(PYTHON) -m tests.harness.bootstrap

demo: venv
	@$(RUN) -m tests.harness.demo

test: venv
	@$(RUN) -m tests.run $(TIERS)

latency: venv
	@$(RUN) -m tests.harness.latency $(PAGE_TIMINGS)

# How soon errors page, by promtool and on real servers; DETECTION=--promtool leaves out the servers and leaves the page alone.
detection: venv
	@$(RUN) -m tests.harness.detection $(DETECTION)

# Every fault on the way of a CloudWatch alarm; FAULTS="PagerDuty" runs only the rows that hold the word and leaves the page alone.
faults: venv
	@$(RUN) -m tests.harness.faults $(FAULTS)

# Every cost beside its limit; BENCH="forwarders rules" measures only these parts.
bench: venv
	@$(RUN) -m tests.bench $(BENCH)

render: venv
	@$(RUN) -m tests.harness.render "$(EXAMPLE)" "$(OUT)"

lint: venv
	@$(RUN) -m tests.harness.lint $(CHECKS)

# requirements/NAME.in says what is wanted, NAME.lock.txt what is installed: names, versions and hashes, no registry's address.
# `make lock` takes in what was added, `make lock UPGRADE=--upgrade` the newest of everything.
lock: venv
	@for wanted in requirements/*.in; do \
	  locked="$${wanted%.in}.lock.txt"; echo "  … $$locked"; \
	  $(BIN)/uv pip compile --quiet --no-config --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url $(UPGRADE) -o "$$locked" "$$wanted" || exit 1; \
	done

clean:
	rm -rf .cache build
