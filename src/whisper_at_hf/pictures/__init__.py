"""What was said and heard, drawn: still pictures, and a page with the audio."""
