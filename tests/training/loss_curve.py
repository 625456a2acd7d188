"""Run by test_training_processes.py, alone or under `accelerate launch`: `loss_curve.py JSON FLAGS...`.

Trains and writes the loss of every step.
"""

import sys
from pathlib import Path

from whisper_at_hf.files import write_json
from whisper_at_hf.training import parse_arguments, run
from whisper_at_hf.training.prepare import prepare, split_rows
from whisper_at_hf.training.run import train_and_write


def main(path, flags):
    data, head, args = parse_arguments(flags)
    parts = prepare(split_rows(data, args.seed), data, head)
    fit_head, trainers = run.fit_head, []
    run.fit_head = lambda *given, **named: trainers.append(fit_head(*given, **named)) or trainers[-1]
    results = train_and_write(parts, data, head, args)
    if args.process_index == 0:
        losses = [entry["loss"] for entry in trainers[0].state.log_history if "loss" in entry]
        write_json(path, {"losses": losses, "eval_loss": results["eval_loss"], "processes": args.world_size})


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
