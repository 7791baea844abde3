# What can be done here. Everything runs in .venv, which is made from the locked requirements on first use.
#   make demo   sets up, then builds a sample notebook into a tested package, an MLflow model and an image
#   make test   lint and all tests

PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
WORKERS ?= 2
export PYTHON

.PHONY: help venv demo test lint format bench bench-serving base-image shapes corpus bench-corpus lock clean test-kills test-faults test-walk test-ways test-hosts words screenshots labextension screenshots-lab

help:
	@sed -n 's/^#   //p' Makefile
	@echo "Also: lint format bench bench-serving base-image shapes corpus bench-corpus lock test-kills test-faults test-walk test-ways test-hosts words screenshots labextension screenshots-lab clean"

venv:
	@requirements/setup.sh

demo: venv
	@.ci/demo

test: lint
	@requirements/setup.sh --torch
	@requirements/qt.sh
	@requirements/lab.sh
	$(PYTEST) -n $(WORKERS) --dist loadfile

lint: venv
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: venv
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Prints ratios and sizes; the image's needs what `make demo` leaves.
bench: venv
	$(BIN)/python benchmarks/start_up.py
	$(BIN)/python benchmarks/analysis_speed.py
	$(BIN)/python benchmarks/many_notebooks.py
	$(BIN)/python benchmarks/papermill_overhead.py
	-$(BIN)/python benchmarks/wizard_start.py
	@if [ -f build/mlflow.db ]; then \
	    MLFLOW_TRACKING_URI=sqlite:///build/mlflow.db $(BIN)/python benchmarks/image_size.py churn:latest models:/churn@champion; \
	else echo "image_size.py: run make demo first, with a Docker engine."; fi

# The service beside the other ways to serve the same models (45 minutes; 8 with QUICK=1). Pieces are joined into one page,
# docs/serving-figures.md: make bench-serving BENCH="--only overload --servers nb2prod,mlflow"; --help tells more. Each tool
# has an environment of its own in the user's cache. Needs two free cores and wrk (apt-get install wrk).
bench-serving: venv
	@requirements/setup.sh --torch
	$(BIN)/python -m benchmarks.serving $(if $(QUICK),--quick) $(BENCH)

# Runs every notebook of the corpus in a kernel again, converts each for real, and compares (half an hour).
corpus: venv
	$(BIN)/python -m tests.corpus.write --all
	$(BIN)/python -m tests.corpus.run nb2prod --table

# The same corpus given to other tools, each in an environment of its own below build/ (an hour; docs/corpus.md).
TOOLS ?= nbconvert nbconvert-ipython jupytext marimo soorgeon kale
bench-corpus: venv
	$(BIN)/python -m tests.corpus.run $(TOOLS) --table

# For machines that cannot pull python:3.x-slim: makes a base image from Debian packages and prints its name.
base-image:
	@.ci/engine --base-image-only

# Kills the writer of projects a thousand times at random moments (the tests do a hundred), and a whole build a hundred
# times (the tests do six).
test-kills: venv
	NB2PROD_KILLS=1000 $(PYTEST) tests/files/test_kills.py
	NB2PROD_KILLS=100 $(PYTEST) tests/builds/test_kill_build.py

# The faults that the service and jobs in CI are promised to survive, as many and as long as promised, with what was
# measured (the tests cause a little of each).
test-faults: venv
	NB2PROD_FAULTS=1 $(PYTEST) -s tests/serving tests/plugins/test_papermill_faults.py -k "fault or stops or swap or 5xx or schemathesis"

# The notebooks as strangers write them: each runs, and what becomes of each with suggested tags alone.
shapes: venv
	NB2PROD_SHAPES=all $(PYTEST) tests/shapes
	$(BIN)/python -m tests.shapes.table

# The texts of the wizard: new ones are added to gui/nb2prod_gui/words/*.ts, to be translated there, and the whole compiled.
words: venv
	$(BIN)/pyside6-lupdate $$(find gui/nb2prod_gui -name '*.py' | sort) -locations none -no-obsolete \
	    -ts $(wildcard gui/nb2prod_gui/words/*.ts)
	for ts in gui/nb2prod_gui/words/*.ts; do $(BIN)/pyside6-lrelease -silent $$ts -qm $${ts%.ts}.qm; done

# Pictures of every page of the wizard, light and dark, at 1x and 2x, for docs/wizard.md (needs a Docker engine).
screenshots: venv
	$(BIN)/python docs/make_screenshots.py

# The JupyterLab extension, as a wheel in dist/ (needs npm's registry; Node.js is fetched where there is none).
labextension: venv
	@requirements/lab.sh --build
	cd gui/jupyterlab && $(CURDIR)/$(BIN)/python -m hatchling build -t wheel -d $(CURDIR)/dist

# Pictures of the extension in a real JupyterLab, light and dark, for docs/jupyterlab.md.
screenshots-lab: venv
	@CI=true requirements/lab.sh
	$(BIN)/python -m docs.make_lab_screenshots

# The walk through the wizard with all six samples (the tests take one).
test-walk: venv
	NB2PROD_WALK=all $(PYTEST) tests/gui/test_walk.py

# Each of the six samples by command line, job protocol, papermill's engine and job notebook (the tests take one).
test-ways: venv
	NB2PROD_WAYS=all $(PYTEST) tests/plugins/test_four_ways.py

# A job notebook in a real jupyter-scheduler, which is installed into an environment of its own.
test-hosts: venv
	NB2PROD_HOSTS=1 $(PYTEST) tests/plugins/test_jupyter_scheduler.py

lock: venv
	requirements/lock.sh $(LOCKFLAGS)

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
