"""Models and heads on the hub: folders to upload, with a card and the code that loads them anywhere, and uploads."""

from .exporting import export_hub, write_publication
from .uploading import push_to_hub, upload

__all__ = ["export_hub", "push_to_hub", "upload", "write_publication"]
