"""Parts of `benchmarks/long_audio.py`."""
