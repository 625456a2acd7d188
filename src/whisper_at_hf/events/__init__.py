"""From tag scores on a fine time grid to sound events: where each sound begins and ends."""
