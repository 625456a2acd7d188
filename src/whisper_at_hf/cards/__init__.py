"""Model cards, of heads as training leaves them and of what is published: one template, filled from facts."""

from .card import Publication, head_facts, make_card, own_pictures, write_model_card
from .metadata import check_card

__all__ = ["Publication", "check_card", "head_facts", "make_card", "own_pictures", "write_model_card"]
