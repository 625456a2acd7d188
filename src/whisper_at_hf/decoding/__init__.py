"""From encoder states to tokens, many windows at a time, without `generate` and without a pipeline."""
