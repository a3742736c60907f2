# Every target sets up .venv by itself; see tools/bootstrap.py for what each does.
PYTHON ?= python3

.PHONY: help demo smoke test slow soak lint check bench setup lock docs clean

help:
	@echo "make demo     the whole loop, offline; ends with tables, three sentences and a report"
	@echo "make smoke    does this clone work? every layer once, offline, in under a minute"
	@echo "make test     the fast tests: about five minutes on two cores"
	@echo "make slow     the slow tests: attacks on the sandbox, kill -9, training, Ray"
	@echo "make soak     a few of them at many times their size, what is too long for the gate, and a fresh clone"
	@echo "make check    format, lint, types, import rules, docs"
	@echo "make lint     the same without the tests of docs, which make test runs too"
	@echo "make bench    the benchmarks, each figure beside a baseline"
	@echo "make docs     write docs/cli.md from the commands, and what the notebooks print"
	@echo "make setup    only the virtual environment"
	@echo "make lock     pin the newest allowed packages to their hashes (needs the network)"
	@echo "make clean    remove what the others made, but for runs/"

demo smoke test slow soak lint check bench setup:
	@$(PYTHON) tools/bootstrap.py $@

docs: setup
	@.venv/bin/python tools/cli_reference.py
	@.venv/bin/python tools/notebooks.py

# Needs the network: resolves the newest allowed versions for every supported Python and pins their hashes.
lock:
	@$(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv
	@.venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --extra dev --upgrade pyproject.toml --output-file requirements.lock
	@rm -rf .venv-lock

clean:
	rm -rf .venv demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
