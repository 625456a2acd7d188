"""Weights, configurations and tables with absurd values, in files that keep their form."""

import csv
import io
import json
import random
import struct
import zipfile
from copy import deepcopy
from functools import cache
from typing import Any

DEPTH = 100_000
BOMB_BYTES = 3 << 29
# What JSON, YAML and a table can hold, and a reader may trip over.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 2**31 - 1, 2**31, 2**63, 10**12, 10**40, 0.5, -0.0, 1e-300, 1e308, float("nan"),
    float("inf"), "", "x", "0", "-1", "\0", "\ud800", "../../x", "x" * 10_000, [], {}, [[]], [None], {"x": 1},
    {"": None}, [0] * 1000, ["x", "x"], [-1, 10**12],
)  # fmt: skip
# What configurations may hold besides, and their readers would obey.
KEYS = ("num_labels", "id2label", "heads", "auto_map", "quantization_config", "dtype", "torch_dtype", "model_type")
KEYS += ("attn_implementation", "_name_or_path", "architectures", "preset", "labels", "problem_type", "pruned_heads")
CELLS = ("", " ", "0", "-1", "1e999", "nan", "9" * 5000, "x" * 200_000, '"', '""', "\0", "\r", "é", "a;b;;", "/", "..")
DIMENSIONS = (0, 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1)


def absurd_json(rng: random.Random, content: bytes) -> bytes:
    """JSON with a few values replaced, taken away or named twice, or something deep."""
    if rng.random() < 0.1:
        return rng.choice((b"[" * DEPTH, b"[" * DEPTH + b"]" * DEPTH, b'{"a":' * DEPTH, b"9" * DEPTH, b"null", b"{}"))
    tree = json.loads(content)
    if isinstance(tree, dict) and rng.random() < 0.3:
        tree[rng.choice(KEYS)] = deepcopy(rng.choice(VALUES))
    for _ in range(rng.choice((1, 1, 2))):
        _change(rng, tree)
    return json.dumps(tree).encode()


def absurd_json_lines(rng: random.Random, content: bytes) -> bytes:
    """As `absurd_json`, once or on two lines."""
    return b"\n".join(absurd_json(rng, content) for _ in range(rng.randint(1, 2)))


def absurd_yaml(rng: random.Random, content: bytes) -> bytes:
    """JSON is YAML, too; besides, aliases of aliases, tags that make objects, and what is deep."""
    import yaml

    if rng.random() < 0.7:
        return absurd_json(rng, json.dumps(yaml.safe_load(content)).encode())
    laughs = ", ".join(f"&a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 12))
    laughs = f"[&a0 [x, x, x, x, x, x, x, x, x], {laughs}]\n"
    bombs = [f"train: {laughs}", f"lr_scheduler_kwargs: {{a: {laughs}}}", "labels: &a [*a]"]
    bombs += ["[" * 5000, "? " * 5000, "!!python/object:os.x {}", "a: 2001-99-99", "a: !!int x", "a: !!float x"]
    bombs += ["<<: 1", "1: 2", "? [a]\n: 1", "a: 0x", "a: 1:2:3:99"]
    return rng.choice(bombs).encode()


def absurd_table(rng: random.Random, content: bytes) -> bytes:
    """CSV with cells replaced, and lines that are longer or shorter than the header."""
    rows = list(csv.reader(io.StringIO(content.decode())))
    for _ in range(rng.randint(1, 3)):
        row = rng.choice(rows)
        if not row or rng.random() < 0.2:
            row.append(rng.choice(CELLS))
        elif rng.random() < 0.1:
            row.pop()
        else:
            row[rng.randrange(len(row))] = rng.choice(CELLS)
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_MINIMAL).writerows(rows)
    return text.getvalue().encode()


def absurd_lines(rng: random.Random, content: bytes) -> bytes:
    """Text with lines replaced."""
    lines = content.decode().splitlines()
    lines[rng.randrange(len(lines))] = rng.choice(CELLS)
    return "\n".join(lines).encode()


def absurd_safetensors(rng: random.Random, content: bytes) -> bytes:
    """Another header before the same numbers, or a length of it that is none."""
    size = struct.unpack("<Q", content[:8])[0]
    if rng.random() < 0.2:
        return struct.pack("<Q", rng.choice((0, 1, 2**31, 2**62, 2**64 - 1, size + 1))) + content[8:]
    header = absurd_json(rng, content[8 : 8 + size])
    return struct.pack("<Q", len(header)) + header + content[8 + size :]


def absurd_model_bin(rng: random.Random, content: bytes) -> bytes:
    """A variable of CTranslate2 with other dimensions, type, size or name; the last two fit each other, mostly."""
    places = [content.index(name) + len(name) + 1 for name in _variable_names(content)]
    start = rng.choice(places)
    rank = content[start]
    end = start + 1 + 4 * rank + 5
    shape = [rng.choice(DIMENSIONS) for _ in range(rng.choice((rank, 0, 1, 2, 255)))]
    size = rng.choice((0, 1, 2**32 - 1, struct.unpack_from("<I", content, end - 4)[0]))
    header = struct.pack(f"<B{len(shape)}I", len(shape), *shape) + struct.pack("<BI", rng.randrange(7), size)
    return content[:start] + header + content[end:]


def _variable_names(content: bytes) -> list[bytes]:
    names = (b"encoder/conv1/weight", b"encoder/layer_norm/gamma", b"encoder/num_heads", b"decoder/num_heads")
    return [name for name in names if name in content]


def absurd_checkpoint(rng: random.Random, content: bytes) -> bytes:
    """A checkpoint of torch with other values in it, or an archive that unpacks to far more than it is."""
    import torch

    if rng.random() < 0.02:
        return _zip_bomb(content)
    checkpoint = torch.load(io.BytesIO(content), weights_only=True)
    for _ in range(rng.randint(1, 2)):
        table = rng.choice(
            [checkpoint, *(value for value in checkpoint.values() if isinstance(value, dict) and value)]
        )
        name = rng.choice(list(table))
        table[name] = _odd_weight(rng, table[name])
        if rng.random() < 0.2:
            table[rng.choice(("", "x", 1, None, f"{name}.x"))] = table.pop(name)
    file = io.BytesIO()
    torch.save(checkpoint, file)
    return file.getvalue()


def _odd_weight(rng: random.Random, weight: Any) -> Any:
    import torch

    odd = [
        *deepcopy(VALUES),
        torch.zeros(()),
        torch.zeros(0),
        torch.zeros(0, 0),
        torch.zeros(1, 10**6).expand(10**6, -1),
    ]
    odd += [torch.zeros(2, dtype=torch.complex64), torch.zeros(3, dtype=torch.bool), torch.eye(4).to_sparse()]
    if isinstance(weight, torch.Tensor):
        odd += [weight[:0], weight[:1], weight.unsqueeze(0), weight.flatten(), weight.double(), weight.to(torch.int8)]
    return rng.choice(odd)


@cache
def _zip_bomb(content: bytes) -> bytes:
    """The archive with one of its records grown to gigabytes of zeros, packed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        records = old.namelist()
        for name in records:
            if name != records[-1] and not name.endswith("data/0"):
                new.writestr(name, old.read(name))
                continue
            with new.open(name, "w", force_zip64=True) as record:
                for _ in range(BOMB_BYTES >> 24):
                    record.write(bytes(1 << 24))
    return file.getvalue()


def _change(rng: random.Random, tree: Any) -> None:
    """Replace, rename or remove one value somewhere in a tree of JSON."""
    while isinstance(tree, dict | list) and tree:
        key = rng.choice(list(tree)) if isinstance(tree, dict) else rng.randrange(len(tree))
        if isinstance(tree[key], dict | list) and tree[key] and rng.random() < 0.8:
            tree = tree[key]
            continue
        chance = rng.random()
        if chance < 0.1:
            del tree[key]
        elif chance < 0.15 and isinstance(tree, dict):
            tree[str(rng.choice(VALUES))] = tree.pop(key)
        else:
            tree[key] = _other(rng, tree[key])
        return


def _other(rng: random.Random, value: Any) -> Any:
    """An absurd value, half of the time one of the same type: others are often refused before they are read."""
    alike = [other for other in VALUES if type(other) is type(value)]
    return deepcopy(rng.choice(alike if alike and rng.random() < 0.5 else VALUES))
