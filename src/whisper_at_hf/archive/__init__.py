"""Jobs over very many files, each of whose results is there once, whatever happens. Needs the extra `archive`."""

from .items import Item, list_items
from .job import Job
from .local import run_local
from .ray_engine import run_ray

__all__ = ["Item", "Job", "list_items", "run_local", "run_ray"]
