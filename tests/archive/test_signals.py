"""Signals stop a run, and then end it."""

import os
import signal
from types import SimpleNamespace

import pytest

from whisper_at_hf.archive.signals import stopped_by_signals


def test_signals_stop_first_and_end_then():
    run = SimpleNamespace(stopped_by=0)
    stops, before = [], signal.getsignal(signal.SIGTERM)
    with stopped_by_signals(run, lambda: stops.append(1)):
        os.kill(os.getpid(), signal.SIGTERM)
        assert run.stopped_by == signal.SIGTERM and stops == [1]
        with pytest.raises(SystemExit) as ended:
            os.kill(os.getpid(), signal.SIGINT)
    assert ended.value.code == 130 and signal.getsignal(signal.SIGTERM) is before
