"""From a preset, a YAML or JSON file and flags to the arguments of a run; later ones win."""

import json
import os
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

import yaml
from transformers import HfArgumentParser

from ..data.label_sets import AUDIOSET
from ..errors import InputError, first_line
from .arguments import HEAD_SHAPE, DataArguments, HeadArguments, TLTRTrainingArguments

Arguments = tuple[DataArguments, HeadArguments, TLTRTrainingArguments]

# Values that a recipe file gives as paths; relative ones are relative to the file.
_PATH_LISTS = ("train", "validation", "test")
_PATHS = ("whisper", "init_head", "labels", "speech", "teacher", "clips")
# Aliases in YAML let some lines stand for billions of values.
MOST_VALUES = 10_000


class _Parser(HfArgumentParser):
    """Gives one sentence instead of a page of usage for a bad flag."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message[:1].upper()}{message[1:]}; see --help for the flags.")


def presets() -> list[str]:
    """Names of the recipes that ship with the package."""
    return sorted(path.name.removesuffix(".yaml") for path in files(__package__).joinpath("presets").iterdir())


def parse_arguments(
    flags: list[str], preset: str | None = None, config: str | Path | None = None, **values: Any
) -> Arguments:
    """Arguments of a run.

    Args:
        flags: such as `["--learning_rate", "1e-3"]`; dashes do for underscores.
        preset: name of a preset.
        config: YAML or JSON file with one value per name, `preset` among them; null stands for the default.
        values: more of them; None counts as not given.

    What a preset says of a head's shape holds for fresh heads; with `init_head` that head's shape stays.

    Raises:
        InputError: an unknown preset, name, flag or file, or a value out of range.
    """
    parser = _Parser(
        (DataArguments, HeadArguments, TLTRTrainingArguments), allow_abbrev=False, prog="whisper-at train"
    )
    known = {action.dest for action in parser._actions}
    told = {
        **_file_values(config, known),
        **{name: value for name, value in values.items() if value is not None},
    }
    advised = {**_preset_values(preset), **_preset_values(told.pop("preset", None))}
    if told.get("init_head") or any(flag.replace("-", "_").startswith("__init_head") for flag in flags):
        # Presets advise fresh heads; one that is given has its shape.
        advised = {name: value for name, value in advised.items() if name not in HEAD_SHAPE}
    chosen = {**advised, **told}
    # transformers would call it "trainer_output".
    enough = ("--output_dir", "--output-dir", "--help", "-h")
    if "output_dir" not in chosen and not any(flag.startswith(enough) for flag in flags):
        raise InputError("The run needs a folder for its results; name one with --output (--output_dir).")
    # As flags, so that the parser checks their types and choices too.
    flags = [*_as_flags(chosen, parser), *flags]
    try:
        data, head, args, unknown = parser.parse_args_into_dataclasses(
            flags, return_remaining_strings=True, look_for_args_file=False
        )
    except InputError:
        raise
    except ValueError as error:  # what transformers' own arguments refuse
        raise InputError(" ".join(str(error).split())) from error
    if unknown:
        raise InputError(f"The run does not know what to do with {' '.join(unknown)}; see --help for the flags.")
    return data, head, args


def parse_command_line(argv: list[str] | None = None) -> Arguments:
    """Arguments of `python -m whisper_at_hf.training`: `[preset] [recipe.yaml] [flags]`. Raises as above."""
    argv = list(sys.argv[1:] if argv is None else argv)
    preset = argv.pop(0) if argv and argv[0] in presets() else None
    config = argv.pop(0) if argv and argv[0].endswith((".yaml", ".yml", ".json")) else None
    return parse_arguments(argv, preset, config)


def _preset_values(preset: str | None) -> dict[str, Any]:
    if preset is None:
        return {}
    if preset not in presets():
        raise InputError(f"There is no preset '{preset}'; use one of {', '.join(presets())}.")
    text = files(__package__).joinpath("presets", f"{preset}.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    return {**_preset_values(values.pop("preset", None)), **values}


def _file_values(config: str | Path | None, known: set[str]) -> dict[str, Any]:
    if config is None:
        return {}
    try:
        text = Path(config).read_text(encoding="utf-8")
        values = json.loads(text) if str(config).endswith(".json") else yaml.safe_load(text)
    except Exception as error:  # what is too deep, and whatever YAML's own types make of odd texts
        raise InputError(
            f"The recipe '{config}' cannot be read ({first_line(error)}); give a YAML or JSON file."
        ) from error
    if not isinstance(values, dict):
        raise InputError(f"The recipe '{config}' holds no names with values; write for instance learning_rate: 0.001.")
    if _is_beyond(MOST_VALUES, values):
        raise InputError(f"The recipe '{config}' holds more than {MOST_VALUES} values; take YAML aliases out of it.")
    values = {str(name).replace("-", "_"): value for name, value in values.items()}
    unknown = sorted(set(values) - known - {"preset"})
    if unknown:
        raise InputError(f"The recipe '{config}' names what no run knows: {', '.join(unknown)}; see --help.")
    return _beside(Path(config).parent, values)


def _is_beyond(most: int, tree: Any) -> bool:
    """Whether a tree of lists and dicts has more values than that, each counted as often as it is pointed to."""
    waiting, count = [tree], 0
    while waiting and count <= most:
        value = waiting.pop()
        count += 1
        if isinstance(value, dict | list | tuple | set):
            waiting += [*value, *value.values()] if isinstance(value, dict) else value
    return count > most


def _as_flags(values: dict[str, Any], parser: HfArgumentParser) -> list[str]:
    flags = []
    for name, value in values.items():
        if value is None and parser.get_default(name) is not None:
            raise InputError(f"The recipe names {name} without a value; write one, or leave it out for the default.")
        if isinstance(value, list):
            flags += [f"--{name}", *map(str, value)] if value else []
        elif value is not None:
            flags.append(f"--{name}={json.dumps(value) if isinstance(value, dict) else value}")
    return flags


def _beside(folder: Path, values: dict[str, Any]) -> dict[str, Any]:
    """`values` with the paths that exist beside the recipe file taken from there."""
    moved = dict(values)
    for name in _PATH_LISTS:
        if values.get(name) is not None:
            given = values[name] if isinstance(values[name], list) else [values[name]]
            moved[name] = [_from_folder(folder, path) for path in given]
    for name in _PATHS:
        if values.get(name) is not None:
            moved[name] = _from_folder(folder, values[name])
    return moved


def _from_folder(folder: Path, path: Any) -> str:
    beside = os.path.join(folder, str(path))
    # Unlike `Path.exists`, this one takes what can be no path, such as a text that is too long.
    return beside if path != AUDIOSET and os.path.exists(beside) else str(path)
