"""`whisper-at analyze layers`: what each layer of a speech encoder knows of sounds."""
