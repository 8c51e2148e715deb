# `make run` and `make test` set up everything that they need first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
COMPILED := build/compiled

.PHONY: generators run test lint test-unit test-interop test-compiled test-long fuzz mutants bench bench-full setup clean

# Start two routers that find each other; you get a shell on the first.
run: setup
	@$(BIN)/pybird demo samples/autopeer-a.conf samples/autopeer-b.conf

# Everything that must pass before a change is merged: at most ten minutes.
test: lint test-unit test-compiled test-interop

setup: $(VENV)/.done
$(VENV)/.done: pyproject.toml hatch_build.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Configuration generators whose output tests read, in a separate environment; without PyPI those tests skip.
generators: build/generators/.done
build/generators/.done: Makefile
	$(PYTHON) -m venv build/generators
	if build/generators/bin/pip install -q --disable-pip-version-check arouteserver networklab; \
	then touch $@; else echo "arouteserver and netlab cannot be installed: their tests skip"; fi

test-unit: setup generators
	$(BIN)/pytest -n auto -m "not interop and not long"

# Real daemons in network namespaces; they mostly wait for each other, so more tests run at a time than
# there are processors.
test-interop: setup
	$(BIN)/pytest -n 4 --dist worksteal --tb short -m "interop and not long" tests/interop tests/side_by_side tests/conformance

# The same tests on the wheel with the hot modules compiled, in a separate environment.
test-compiled: $(COMPILED)/.done
	cd $(COMPILED) && PYBIRD_CORPUS="$${PYBIRD_CORPUS:-$(abspath ../shared/corpus)}" venv/bin/pytest -n auto -m "not interop and not long and not checkout"

$(COMPILED)/.done: $(VENV)/.done pyproject.toml hatch_build.py $(shell find pybird grammar tests samples -name '*.py' -o -name '*.lark' -o -name '*.conf' -o -name '*.json')
	rm -rf $(COMPILED)
	mkdir -p $(COMPILED)
	cp -r tests samples docs README.md pyproject.toml $(COMPILED)/
	$(PYTHON) -m venv $(COMPILED)/venv
	$(BIN)/pip wheel -q --disable-pip-version-check --no-deps -w $(COMPILED)/dist .
	$(COMPILED)/venv/bin/pip install -q --disable-pip-version-check "$$(ls $(COMPILED)/dist/*.whl)[dev]"
	cd $(COMPILED) && venv/bin/python -c "import pybird.values.route as m; assert m.__file__.endswith('.so'), m.__file__"
	@touch $@

# The slow tests (all seeds, the soak): too slow for every change.
test-long: setup generators
	$(BIN)/pytest -m long

# Search for texts that break the reading of configurations and commands. Each search runs for
# FUZZ_SECONDS, with another random seed each time unless FUZZ_SEED gives one.
FUZZ_SECONDS ?= 90
fuzz: setup
	@$(BIN)/pip install -q --disable-pip-version-check --only-binary atheris -e '.[fuzz]' \
	  || echo "no atheris for this Python: only hypothesis searches"
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED))

# Break the code on purpose and list the changes that no test notices: at N places in what changed since
# commit SINCE (by default since the last release, without one anywhere), or with KNOWN=1 the known
# mutants, for which tests were written.
mutants: setup
	@$(BIN)/python -m tests.mutants $(if $(KNOWN),--known,--number $(or $(N),20)) $(if $(ONLY),--only '$(ONLY)') \
	  $(if $(SINCE),--since $(SINCE)) $(if $(UNDER),--under $(UNDER)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(BUDGET),--budget $(BUDGET)) $(if $(JOBS),--jobs $(JOBS))

bench: setup
	$(BIN)/python benchmarks/discovery.py
	$(BIN)/python benchmarks/convergence.py
	$(BIN)/python benchmarks/config_load.py

bench-full: setup
	$(BIN)/python benchmarks/discovery.py --rounds 20 --late 60
	$(BIN)/python benchmarks/convergence.py --rounds 7
	$(BIN)/python benchmarks/convergence.py --routes 1000000 --rounds 3
	$(BIN)/python benchmarks/sessions.py --rounds 3


clean:
	rm -rf $(VENV) build dist
