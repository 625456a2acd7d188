"""`whisper-at analyze table` and `peer`: measured scores beside published ones."""
