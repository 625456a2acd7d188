"""The parts of `archive_job.py`."""
