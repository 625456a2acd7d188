"""Text and sound events as captions, in the formats that players and editors read."""
