"""The parts of `benchmarks/sound_events.py`."""
