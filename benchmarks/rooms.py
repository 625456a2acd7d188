"""The floor plan of the package in numbers: modules, lines, and the imports between its rooms.

    python benchmarks/rooms.py src/whisper_at_hf

A room is a folder of the package; a module in its root is a room of its own. An arrow leads from a room to another one
that it imports. Reads the source, runs none of it. Prints a table.
"""

import argparse
import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Import:
    """That a module imports another one of the package, or a name out of it.

    Attributes:
        module, line: where it stands; dotted from the package on, "" for the package itself.
        target: the module that is imported.
        is_inside: whether it stands in a function or in a class.
    """

    module: str
    line: int
    target: str
    is_inside: bool

    @property
    def rooms(self) -> tuple[str, str]:
        """The importing room and the imported one."""
        return room_of(self.module), room_of(self.target)


def room_of(module: str) -> str:
    """The part of a dotted name that is the room."""
    return module.split(".")[0]


def modules(package: Path) -> dict[str, Path]:
    """The package's modules by dotted name; a folder stands for its `__init__`."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(package: Path) -> list[Import]:
    """All imports of the package's modules from each other, those inside functions included."""
    known = modules(package)
    return [found for name, path in known.items() for found in _imports_of(name, path, package.name, known)]


def _imports_of(name: str, path: Path, package: str, known: dict[str, Path]) -> Iterator[Import]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = {id(node) for node in tree.body}
    folder = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    folder = [part for part in folder if part]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [
                alias.name.removeprefix(f"{package}.") for alias in node.names if alias.name.startswith(package)
            ]
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = folder[: len(folder) - (node.level - 1)] + (node.module.split(".") if node.module else [])
            targets = [_target(".".join(base), alias.name, known) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == package:
            base = node.module.removeprefix(package).lstrip(".")
            targets = [_target(base, alias.name, known) for alias in node.names]
        else:
            continue
        for target in dict.fromkeys(targets):
            if target != name:
                yield Import(name, node.lineno, target, id(node) not in top)


def _target(base: str, name: str, known: dict[str, Path]) -> str:
    submodule = f"{base}.{name}".lstrip(".")
    return submodule if submodule in known else base


def circles(arrows: set[tuple[str, str]]) -> list[str]:
    """Names that can be come back to by following arrows from them."""
    after: dict[str, set[str]] = {}
    for start, end in arrows:
        after.setdefault(start, set()).add(end)
    return sorted(name for name in after if name in _reached(after, name))


def _reached(after: dict[str, set[str]], start: str) -> set[str]:
    reached, waiting = set(), [start]
    while waiting:
        for name in after.get(waiting.pop(), set()) - reached:
            reached.add(name)
            waiting.append(name)
    return reached


def is_entry_point(module: str) -> bool:
    """Whether a module is run, never imported, so that it may reach up."""
    return module.endswith("__main__")


def counts(package: Path) -> dict[str, object]:
    """The rows of the table."""
    known = modules(package)
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in known.items()}
    all_imports = [found for found in imports(package) if not is_entry_point(found.module)]
    between = [found for found in all_imports if found.rooms[0] != found.rooms[1]]
    arrows = {found.rooms for found in between}
    largest = max(lines, key=lines.get)
    return {
        "modules": len(known),
        "of them under 40 lines": sum(count < 40 for name, count in lines.items() if not _is_face(known[name])),
        "lines": sum(lines.values()),
        "modules in the root": sum(path.parent == package for path in known.values()),
        "rooms": len({room_of(name) for name in known}),
        "imports between rooms": len(between),
        "arrows between rooms": len(arrows),
        "rooms in a circle": ", ".join(circles(arrows - {(room, "") for room, _ in arrows})) or "none",
        "modules in a circle": ", ".join(circles({(found.module, found.target) for found in all_imports})) or "none",
        "largest module": f"{largest} ({lines[largest]} lines)",
    }


def _is_face(path: Path) -> bool:
    return path.name in ("__init__.py", "__main__.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, nargs="+", help="folder of the package; several stand side by side")
    args = parser.parse_args()
    columns = [counts(package) for package in args.package]
    print("| |" + "".join(f" {package} |" for package in args.package))
    print("|---|" + "---|" * len(columns))
    for name in columns[0]:
        print(f"| {name} |" + "".join(f" {column[name]} |" for column in columns))


if __name__ == "__main__":
    main()
