"""Stand-in for `tests/exporters/test_export.py`, which transformers leaves out of its source distribution."""


class ExportTesterMixin:
    """Base of `ModelTesterMixin`; brings no tests, as we export to no other format."""
