"""`whisper-at analyze robustness`: what noise does to words."""
