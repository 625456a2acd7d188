"""The processes of one `accelerate launch`, or this one alone."""

from datetime import timedelta

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env

# Processes wait for the slowest one at the end; torch's own limit of some minutes is meant for training steps.
LONGEST_WAIT = timedelta(days=30)


def process_state() -> PartialState:
    """Which of how many processes this is, and the device that it shall use.

    Without an accelerator accelerate has to be told so, or each process takes itself for the only one.
    """
    cpu = parse_flag_from_env("ACCELERATE_USE_CPU") or not torch.accelerator.is_available()
    return PartialState(cpu=cpu, timeout=LONGEST_WAIT)
