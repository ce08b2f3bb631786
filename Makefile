# `make run` and `make test` need Python 3.11 or newer and make, nothing else.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3 python
# The quickest that is new enough and can make an environment: one that was built without optimisation takes up to
# twice as long for everything, and often is the first on the path.
PYTHON ?= $(shell for p in $(CANDIDATES); do "$$p" -c 'import ensurepip, json, sys, time, timeit, venv; \
	sys.version_info < (3, 11) and sys.exit(1); rows = [{"name": str(at), "value": at} for at in range(200)]; \
	work = lambda: json.loads(json.dumps(rows)); \
	print(min(timeit.repeat(work, timer=time.process_time, number=20, repeat=20)), sys.executable)' 2>/dev/null; \
	done | sort -g | head -n 1 | cut -d ' ' -f 2-)
# Tests wait as well as work: two processes more than there are cores. PYTEST="tests/test_money.py -k kwd" narrows down.
PYTEST ?=
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2)
SPREAD = -n $(WORKERS) --dist loadscope --no-loadscope-reorder
FAULTS ?=
BENCH ?=
# Files of the public shop's kind; unset: those of the folder `shared` beside the project, or of AFTERSALE_SPECS.
TASKS ?=
NEGATIVES ?=
REPLAY ?=
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock" --quiet

# Every process of ours that starts would compile its files again.
export PYTHONDONTWRITEBYTECODE :=

NPM_STAMP := clients/typescript/node_modules/.package-lock.json
LIVE_STAMP := tests/live/node_modules/.package-lock.json

.PHONY: help run test test-live check format lock clients faults replay bench coverage mutation clean

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/.run ## set up, then serve on 127.0.0.1:8000 with the sandbox and demo data
	@$(BIN)/python -m compileall -q app migrations || true  # quick where nothing changed; saves half a second at start
	@exec $(BIN)/aftersale serve --demo

test: $(VENV)/.dev $(NPM_STAMP) ## every test on SQLite and on PostgreSQL
	$(BIN)/python -m pytest $(SPREAD) --ignore=tests/live $(PYTEST)

test-live: $(VENV)/.dev $(LIVE_STAMP) ## the adapters against servers and schemas of other people, from npm, on the loopback
	$(BIN)/python -m pytest tests/live $(PYTEST)

check: $(VENV)/.dev ## format, lint, types, import contracts, migrations, secrets, advisories
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.tools.check_migrations
	$(BIN)/python -m tests.tools.scan_secrets
	$(BIN)/python -m tests.tools.audit_dependencies

format: $(VENV)/.dev ## format, and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.dev ## resolve pyproject.toml again; `make lock UPGRADE=1` takes newer releases
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group build -o requirements.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group build --group dev -c requirements.lock -o requirements-dev.lock

clients: $(VENV)/.dev $(NPM_STAMP) ## make the Python and the TypeScript client from the document, into build/clients
	$(BIN)/python clients/generate.py build/clients

faults: $(VENV)/.dev ## order faults and kills, and hold the ledgers against the promises
	$(BIN)/python -m tests.faults $(FAULTS)

replay: $(VENV)/.dev ## tasks and forbidden attempts of a public shop, each in a fresh copy, compared to the byte
	$(BIN)/python -m tests.replay $(if $(TASKS),--tasks "$(TASKS)") $(if $(NEGATIVES),--negatives "$(NEGATIVES)") $(REPLAY)

bench: $(VENV)/.dev ## the hot paths on PostgreSQL with fsync and on SQLite, as ratios to a bare yardstick of the same run
	$(BIN)/python -m benchmarks $(BENCH)

coverage: $(VENV)/.dev ## lines of app/ that the tests run, those in child processes too
	$(BIN)/coverage erase
	$(BIN)/python -m pytest $(SPREAD) --ignore=tests/live --cov --cov-report= $(PYTEST)
	$(BIN)/coverage report

mutation: $(VENV)/.dev ## change refunds, reservations, settle and money in small ways; the tests must notice
	$(BIN)/python -m tests.support.databases $(BIN)/mutmut run
	$(BIN)/mutmut export-cicd-stats
	$(BIN)/python -m tests.tools.mutation_score

# Where no registry answers, the tests of that client are skipped, and the run says so; under CI=true they fail.
$(NPM_STAMP): clients/typescript/package-lock.json | $(VENV)/.dev
	-$(BIN)/python clients/generate.py install

$(LIVE_STAMP): tests/live/package-lock.json | $(VENV)/.dev
	-$(BIN)/python -m tests.live.packages

clean: ## remove what make made, but not the data
	rm -rf $(VENV) clients/typescript/node_modules tests/live/node_modules mutants .coverage .coverage.* .pytest_cache .ruff_cache build *.egg-info

# The locks hold every version and hash, so pip fetches exactly these. The stamp makes the next start quick.
$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/pip
	$(INSTALL) --no-deps --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/pip
	$(INSTALL) --no-deps --require-hashes -r requirements-dev.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/bin/pip:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || { echo "where Debian splits Python up: apt install python3-venv" >&2; exit 1; }
