"""`whisper-at analyze cost`: what tagging costs in parameters, multiply-accumulates and time."""
