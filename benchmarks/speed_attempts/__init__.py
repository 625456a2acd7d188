"""Parts of `benchmarks/speed_attempts.py`."""
