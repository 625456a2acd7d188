"""The page with a table of every parameter, read from docstrings, `--help` and dataclasses."""

import dataclasses
import importlib
import inspect
import re

import typer
from griffe import Docstring, DocstringSectionKind, Parser

# (heading, module, object whose docstring names the parameters)
DOCUMENTED = [
    ("The pipeline's call", "whisper_at_hf", "WhisperATPipeline.__call__"),
    ("Streams: `pipe.stream`", "whisper_at_hf", "WhisperATPipeline.stream"),
    ("`model.tag`", "whisper_at_hf", "WhisperATForConditionalGeneration.tag"),
    ("`from_whisper`", "whisper_at_hf", "WhisperATForConditionalGeneration.from_whisper"),
    ("`WhisperATConfig`", "whisper_at_hf", "WhisperATConfig"),
    ("`TLTRConfig`, a head", "whisper_at_hf", "TLTRConfig"),
    ("`EventOptions`", "whisper_at_hf.events", "EventOptions"),
    ("`CaptionRules`", "whisper_at_hf.captions", "CaptionRules"),
    ("`plot`", "whisper_at_hf", "plot"),
]


def parameter_page() -> str:
    """All tables as Markdown."""
    parts = ["# Every parameter\n", "Made from the docstrings and from `--help`.\n"]
    for heading, module, name in DOCUMENTED:
        parts.append(f"## {heading}\n\n{_table(['parameter', 'default', 'meaning'], _documented(module, name))}\n")
    for path, command in _commands():
        parts.append(f"## `whisper-at {path}`\n\n{_plain(command.help or '')}\n\n")
        parts.append(_table(["option", "default", "meaning"], map(_option, command.params)) + "\n")
    parts.append(
        f"## Training\n\nOf `whisper-at train`, beside those of transformers' `TrainingArguments`.\n\n{_training()}"
    )
    return "\n".join(parts)


def _documented(module: str, name: str) -> list[tuple[str, str, str]]:
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    text = inspect.getdoc(found) or ""
    defaults = inspect.signature(found).parameters
    rows = []
    for section in Docstring(text).parse(Parser.google, warnings=False):
        if section.kind in (DocstringSectionKind.parameters, DocstringSectionKind.attributes):
            for entry in section.value:
                rows += [(f"`{one}`", _default(defaults, one), entry.description) for one in _names(entry.name)]
    if not rows:
        raise ValueError(f"{module}.{name} documents no parameters")
    return rows


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _default(parameters, name: str) -> str:
    if name not in parameters or parameters[name].default is inspect.Parameter.empty:
        return ""
    value = parameters[name].default
    return "" if not isinstance(value, str | int | float | bool | None) else f"`{value!r}`"


def _commands():
    """Every command and its path, those of groups too."""
    from whisper_at_hf.cli import app

    def below(path, command):
        for name, sub in command.commands.items():
            yield from below(f"{path} {name}", sub) if hasattr(sub, "commands") else [(f"{path} {name}".strip(), sub)]

    return below("", typer.main.get_command(app))


def _option(parameter) -> tuple[str, str, str]:
    names = (
        parameter.opts + parameter.secondary_opts
        if parameter.param_type_name == "option"
        else [parameter.name.upper()]
    )
    default = parameter.default
    shown = (
        "" if default is None or default is False or callable(default) else f"`{getattr(default, 'value', default)}`"
    )
    return ", ".join(f"`{name}`" for name in names), shown, _plain(getattr(parameter, "help", None) or "")


def _training() -> str:
    from transformers import TrainingArguments

    from whisper_at_hf.training import DataArguments, HeadArguments, TLTRTrainingArguments

    theirs = {field.name for field in dataclasses.fields(TrainingArguments)}
    rows = []
    for group in (DataArguments, HeadArguments, TLTRTrainingArguments):
        for field in dataclasses.fields(group):
            if group is not TLTRTrainingArguments or field.name not in theirs:
                known = field.default is not dataclasses.MISSING and field.default is not None
                rows.append(
                    (f"`--{field.name}`", f"`{field.default}`" if known else "", field.metadata.get("help", ""))
                )
    return _table(["flag", "default", "meaning"], rows)


def _table(heads: list[str], rows) -> str:
    rows = list(rows)
    if not any(default for _, default, _ in rows):
        heads, rows = [heads[0], heads[2]], [(name, meaning) for name, _, meaning in rows]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


def _plain(text: str) -> str:
    """Without rich's markup."""
    return re.sub(r"\[/?(?:bold|italic|dim)\]", "", text)
