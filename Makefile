PYTHON ?= python

.PHONY: test hf-tests lint format

test:
	$(PYTHON) -m pytest

# transformers' own model tests on our classes, beside plain Whisper; downloads its source distribution once.
hf-tests:
	$(PYTHON) hf_tests/run.py

lint:
	ruff check .
	ruff format --check .

format:
	ruff check --fix .
	ruff format .
