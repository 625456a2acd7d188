"""What the broad head learns from: sources with a licence each, and scenes that are mixed of them."""
