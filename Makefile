# The commands of the house; each of them makes the environment (.venv) first, where it is not up to date.
.PHONY: help run test chaos check reset lock bench
.DEFAULT_GOAL := help
PY := .venv/bin/python

help: ## say this
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-7s %s\n", $$1, $$2}' Makefile

# Every Python from 3.11 to 3.13 will do; the first that is there is taken. apps/devtools/stack/environment.py says what is missing.
.venv: FORCE
	@for python in python3 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then \
			exec $$python apps/devtools/stack/environment.py; \
		fi; \
	done; \
	echo 'BetEdge needs Python 3.11, 3.12 or 3.13; install one of them (Debian and Ubuntu: python3, python3-venv).' >&2; \
	exit 1
FORCE:

run: .venv ## start everything on this machine; PORT (8000) and BETEDGE_DATA_DIR (.data) say where
	@exec $(PY) manage.py up

test: .venv ## run every test, beside a running `make run` too; ARGS="tests/picks -x" for some of them
	@# One worker more than there are processors: many tests wait for something to come back. In their own order, so that
	@# the few long ones do not stand at the end.
	@$(PY) -m pytest -n $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )) --dist loadscope --no-loadscope-reorder $(ARGS)

chaos: .venv ## kill every process again and again while picks are told, and count what arrived (12 min); ARGS="--kills N --seed S"
	@exec $(PY) -m tests.system.chaos $(ARGS)

check: .venv ## style, types, import rules, migrations, settings
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	@# No server is asked: the address leads nowhere, and the warning that says so says nothing new.
	BETEDGE_ENV=test DATABASE_URL=postgres://nobody@127.0.0.1:1/none $(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	BETEDGE_ENV=test DATABASE_URL=postgres://nobody@127.0.0.1:1/none $(PY) manage.py check

bench: .venv ## the benchmark tables, each row beside its peers (10 min; needs wrk); ARGS=--quick for a rough four minutes
	@$(PY) -m bench.install && exec $(PY) -m bench $(ARGS)

reset: .venv ## wipe the data of `make run`
	@exec $(PY) manage.py reset

lock: ## write every requirements*.txt anew, from pyproject.toml and bench/requirements.in; needs uv, or fetches it
	@command -v uv >/dev/null || { python3 -m venv .venv-lock && .venv-lock/bin/pip install -q uv; }
	@for kind in "pyproject.toml -o requirements.txt" "pyproject.toml --extra dev -o requirements-dev.txt" \
		"-c requirements-dev.txt bench/requirements.in -o bench/requirements.txt"; do \
		PATH="$$PATH:$(CURDIR)/.venv-lock/bin" uv pip compile -q --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-annotate --no-header $$kind || exit 1; \
	done
	@rm -rf .venv-lock
