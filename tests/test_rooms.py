"""The floor plan: which room may import which, what saved folders copy, who prints. Reads the source, runs nothing."""

import ast
from pathlib import Path

import pytest
from rooms import Import, circles, imports, is_entry_point, modules, room_of

PACKAGE = Path(__file__).parents[1] / "src" / "whisper_at_hf"

# Each room, and those that it may import; entry points (`__main__`) may import what they start.
MAY_IMPORT = {
    "model": set(),
    "audio": {"model"},
    "decoding": {"model"},
    "labels": {"model"},
    "conversion": {"model", "labels"},
    "metrics": {"model"},
    "data": {"model", "labels"},
    "events": {"model", "labels"},
    "archive": {"model", "audio", "data", "pipeline"},
    "pipeline": {"model", "audio", "decoding", "labels", "events"},
    "captions": {"labels"},
    "pictures": {"audio", "labels", "captions"},
    "demo": {"model", "audio", "labels", "conversion", "events", "pipeline", "captions", "pictures"},
    "export": {"model", "audio", "conversion"},
    "cards": {"model"},
    "publishing": {"model", "labels", "conversion", "pipeline", "cards", "analysis"},
    "registration": {"model", "conversion", "pipeline", "publishing"},
    "features": {"model", "audio", "conversion", "data"},
    "training": {"model", "audio", "data", "features", "metrics", "cards"},
    "analysis": {"model", "audio", "labels", "conversion", "data", "pipeline", "features", "metrics", "training"},
    "cli": None,  # all
    "errors": {"model"},
    "files": set(),
    "figures": set(),
    "": {"model", "pipeline", "pictures", "registration"},  # the package's own face
}
# What anybody may import, but the room that is copied.
FREE = {"errors", "files", "figures"}

# Modules that a folder saved for `trust_remote_code` is made of begin with these: transformers follows their imports.
COPIED = ("configuration_", "modeling_")

ROOT_MODULES = 8
MODULE_LINES = 400


def forbidden(package: Path) -> list[str]:
    """A sentence for each import that the plan does not allow."""
    found = [made for made in imports(package) if not is_entry_point(made.module)]
    return [_sentence(made) for made in found if not _is_allowed(made)]


def _is_allowed(made: Import) -> bool:
    room, target = made.rooms
    allowed = MAY_IMPORT[room]
    return room == target or allowed is None or target in allowed or (target in FREE and room != "model")


def _sentence(made: Import) -> str:
    room, target = made.rooms
    allowed = sorted(MAY_IMPORT[room] | (FREE if room != "model" else set()))
    named = ", ".join(allowed) or "nothing else of ours"
    return f"{made.module}, line {made.line}, imports {made.target}: {room} may import {named}, not {target}"


def test_every_room_has_its_rule():
    assert {room_of(name) for name in modules(PACKAGE)} == set(MAY_IMPORT)


def test_arrows_lead_down():
    assert forbidden(PACKAGE) == []


@pytest.mark.parametrize(
    ("module", "line", "named"),
    [
        ("audio/load.py", "from ..pipeline.options import BATCHED", "pipeline.options"),
        ("model/tagging.py", "from ..errors import InputError", "errors"),
        ("decoding/tails.py", "def f():\n    from whisper_at_hf.cli import main", "cli"),
    ],
)
def test_an_arrow_that_leads_up_is_found(tmp_path, module, line, named):
    for path in modules(PACKAGE).values():
        copy = tmp_path / "whisper_at_hf" / path.relative_to(PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text())
    with (tmp_path / "whisper_at_hf" / module).open("a") as file:
        file.write(f"\n{line}\n")
    (sentence,) = forbidden(tmp_path / "whisper_at_hf")
    assert f"imports {named}:" in sentence


def test_nothing_goes_in_circles():
    found = [made for made in imports(PACKAGE) if not is_entry_point(made.module)]
    assert circles({(made.module, made.target) for made in found}) == []
    assert circles({made.rooms for made in found if made.rooms[0] != made.rooms[1]}) == []


def test_a_circle_is_found():
    assert circles({("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")}) == ["a", "b", "c"]


@pytest.mark.parametrize("name", [name for name in modules(PACKAGE) if name.split(".")[-1].startswith(COPIED)])
def test_what_is_copied_is_complete(name):
    """transformers copies a module and what it imports relatively, into one folder, by base names."""
    by_module = {}
    for made in imports(PACKAGE):
        by_module.setdefault(made.module, []).append(made)
    closure, waiting = {name}, [name]
    while waiting:
        for made in by_module.get(waiting.pop(), []):
            assert made.rooms == ("model", "model"), f"{made.module}, line {made.line}, imports {made.target}"
            if made.target not in closure:
                closure.add(made.target)
                waiting.append(made.target)
    files = [modules(PACKAGE)[module] for module in closure]
    assert len({file.name for file in files}) == len(files)
    for file in files:
        relative = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
        assert all(node.level < 2 for node in relative), f"{file.name} imports from outside of its folder"


def test_rooms_are_small():
    files = modules(PACKAGE).values()
    assert sum(file.parent == PACKAGE for file in files) <= ROOT_MODULES
    long = {file.name: count for file in files if (count := len(file.read_text().splitlines())) > MODULE_LINES}
    assert not long


def prints(source: str) -> list[int]:
    """The lines that write to the terminal: print, a console of rich, typer's echo, the standard streams."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        name = ast.unparse(node) if isinstance(node, (ast.Name, ast.Attribute)) else ""
        if name in ("print", "Console", "rich.print", "typer.echo", "typer.secho", "sys.stdout", "sys.stderr"):
            lines.append(node.lineno)
    return sorted(set(lines))


@pytest.mark.parametrize("name", [name for name in modules(PACKAGE) if room_of(name) != "cli"])
def test_nothing_but_the_command_line_prints(name):
    if not is_entry_point(name):
        assert prints(modules(PACKAGE)[name].read_text()) == []


def test_what_prints_is_found():
    assert prints("import sys\nprint(1)\nf = partial(print, file=sys.stderr)\nConsole().print(2)") == [2, 3, 4]
