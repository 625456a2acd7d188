PYTHON ?= python

.PHONY: test fast hf-tests lint format

test:
	$(PYTHON) -m pytest

# Without real weights and without what takes long: two minutes on two cores.
fast:
	$(PYTHON) -m pytest -q -n 2 -m "not slow and not long and not real and not data"

# transformers' own model tests on our classes, beside plain Whisper; downloads its source distribution once.
hf-tests:
	$(PYTHON) hf_tests/run.py

lint:
	ruff check .
	ruff format --check .

format:
	ruff check --fix .
	ruff format .
