# Two commands on a fresh machine: `make demo` and `make test`. Both make .venv and install what is locked;
# the second call starts at once. PYTHON names the interpreter, 3.11 or later.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PORT ?= 8080
# The search engine of the demonstration: opensearch or elasticsearch; none means the one inside.
ENGINE ?=
DIR ?= demo$(ENGINE:%=-%)
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-input
# Locks are named as constraints too (-c): pip before 23.3 forgets a pin where a package asks for the same with an extra.
LOCK := $(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock" pyproject.toml locks/build.in

# What the image of a cluster holds beside the core: no tests, no checks.
CLUSTER := airflow opensearch elasticsearch postgresql s3 cluster

AIRFLOW_PORT ?= 8081

.PHONY: demo airflow test soak reliability test-cluster check lock serve system-parts clean

ifeq ($(ENGINE),)
demo: .venv/core.installed
	@$(BIN)/earshot demo --dir "$(DIR)" --port "$(PORT)"
else
demo: .venv/all.installed
	@$(BIN)/python -m scripts.demo_on_engine "$(ENGINE)" --dir "$(DIR)" --port "$(PORT)"
endif

# Airflow over DIR on this machine; an empty DIR becomes the demonstration's workspace.
airflow: .venv/all.installed
	@$(BIN)/python -m scripts.airflow_standalone --dir "$(DIR)" --port "$(AIRFLOW_PORT)" --pages-port "$(PORT)"

serve: .venv/core.installed
	@$(BIN)/earshot --workspace "$(DIR)" serve

# Every test, in parts, with the ten slowest at the end. `make test TESTS=tests/query` runs a part of them.
# RESULTS names a folder where results are to be left.
test: check system-parts
ifdef TESTS
	@$(BIN)/python -m pytest -q $(TESTS)
else
	@$(BIN)/python -m scripts.whole_suite $(RESULTS)
endif

# By night: tests that race, TIMES times each, with the rate of each; kills at every call of a cycle (strace is needed);
# then every law with EXAMPLES times its examples.
TIMES ?= 200
EXAMPLES ?= 20
soak: .venv/all.installed system-parts
	@EARSHOT_TIMES=$(TIMES) $(BIN)/python -m pytest -q -n 2 -m "races and not engines" $(TESTS)
	@EARSHOT_TIMES=$(TIMES) $(BIN)/python -m pytest -q -rP -m soak $(TESTS)
	@EARSHOT_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not engines" $(TESTS)

# Every fault once, and docs/reliability.md written from what came of it. `TESTS=tests/spiders` prints a part of it.
reliability: .venv/all.installed system-parts
	@$(BIN)/python -m scripts.reliability $(TESTS)

# The shape of docker-compose.yml as processes: PostgreSQL, Redis, OpenSearch, an S3 server, Airflow with two Celery workers.
test-cluster: .venv/all.installed system-parts
	@$(BIN)/python -m pytest -q -m cluster tests/cluster

check: .venv/all.installed
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >.venv/imports.log || { cat .venv/imports.log; false; }
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/docs

# What tests need beside Python packages: Chromium, PostgreSQL, a JDK and Maven. Elsewhere than as root on Debian or Ubuntu it is left out, and
# the last lines of the tests say so.
system-parts:
	@sh scripts/system-parts

lock: .venv/all.installed
	@$(LOCK) --all-extras --output-file locks/all.txt
	@$(LOCK) --constraint locks/all.txt --output-file locks/core.txt
	@$(LOCK) $(CLUSTER:%=--extra %) --constraint locks/all.txt --output-file locks/cluster.txt

clean:
	rm -rf .venv demo dist

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=...")'
	@$(PYTHON) -m venv .venv

# Everything holds the core at equal versions, so the core is not installed over it.
.venv/core.installed: .venv/bin/python locks/core.txt
	@if [ ! -e .venv/all.installed ] || [ locks/all.txt -nt .venv/all.installed ]; then \
		echo "Installing Earshot into .venv (once; a minute or two) ..."; \
		$(PIP) --require-hashes -r locks/core.txt -c locks/core.txt && $(PIP) --no-deps --no-build-isolation -e .; fi
	@touch $@

.venv/all.installed: .venv/bin/python locks/all.txt
	@echo "Installing Earshot and everything its tests need into .venv (once; two or three minutes) ..."
	@$(PIP) --require-hashes -r locks/all.txt -c locks/all.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@ .venv/core.installed
