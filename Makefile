PYTHON ?= python

.PHONY: test fast compat hf-tests site lint format

test:
	$(PYTHON) -m pytest -n 2

# Without real weights and without what takes long: two minutes on two cores.
fast:
	$(PYTHON) -m pytest -q -n 2 -m "not slow and not long and not real and not data"

# The fast lane on the oldest versions that setup.cfg allows, and on the newest.
compat:
	$(PYTHON) compat/run.py

# transformers' own model tests on our classes, beside plain Whisper; downloads its source distribution once.
hf-tests:
	$(PYTHON) hf_tests/run.py

# The documentation as a site, in site/; needs `pip install -e ".[docs]"`.
site:
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict --quiet

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

format:
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
