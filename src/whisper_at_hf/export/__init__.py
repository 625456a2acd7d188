"""Taggers for engines other than torch: ONNX of an encoder with a head, and of a head alone."""

from .graphs import HeadGraph, TaggerGraph
from .onnx_folder import export_head, export_tagger

__all__ = ["HeadGraph", "TaggerGraph", "export_head", "export_tagger"]
