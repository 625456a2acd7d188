"""The demo page, for this machine or a Hugging Face Space. Needs the extra `demo`."""
