"""What may happen to the bytes of a file, by a generator of random numbers: the same seed, the same bytes."""

import random
import struct
from collections.abc import Callable

# Shorter and longer than any field of a header, and than any block of a codec.
LONGEST_RUN = 4096
INTEGERS = ("<B", "<H", ">H", "<I", ">I", "<Q", ">Q")
MOST_MUTATIONS = 4


def mutated(rng: random.Random, content: bytes, other: bytes) -> bytes:
    """`content` after one to four mutations; `other` is a file to splice it with."""
    for _ in range(rng.randint(1, MOST_MUTATIONS)):
        content = rng.choice(MUTATIONS)(rng, content, other)
    return content


def absurd_integer(rng: random.Random, form: str) -> bytes:
    """0, -1, the largest, 2 to some power, or any, packed as that format of `struct`."""
    bits = 8 * struct.calcsize(form)
    values = (0, 1, 2**bits - 1, 2 ** (bits - 1) - 1, 2 ** (bits - 1), 1 << rng.randrange(bits), rng.getrandbits(bits))
    return struct.pack(form, rng.choice(values))


def place(rng: random.Random, content: bytes) -> int:
    """Where to mutate: half of the time anywhere, half of the time near the start, where headers are."""
    return int(len(content) * (rng.random() if rng.random() < 0.5 else rng.random() ** 6))


def _flip_bits(rng: random.Random, content: bytes, other: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 4, 32)) if content else 0):
        changed[place(rng, content)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _replace_run(rng: random.Random, content: bytes, other: bytes) -> bytes:
    start, size = place(rng, content), int(LONGEST_RUN ** rng.random())
    run = rng.choice((rng.randbytes(size), bytes(size), b"\xff" * size))
    return content[:start] + run + content[start + size :]


def _truncate(rng: random.Random, content: bytes, other: bytes) -> bytes:
    return content[: place(rng, content)]


def _remove_run(rng: random.Random, content: bytes, other: bytes) -> bytes:
    start = place(rng, content)
    return content[:start] + content[start + int(LONGEST_RUN ** rng.random()) :]


def _duplicate(rng: random.Random, content: bytes, other: bytes) -> bytes:
    start, target = place(rng, content), place(rng, content)
    run = content[start : start + int(LONGEST_RUN ** rng.random())] * rng.choice((1, 1, 8))
    return content[:target] + run + content[target:]


def _splice(rng: random.Random, content: bytes, other: bytes) -> bytes:
    return content[: place(rng, content)] + other[place(rng, other) :]


def _set_integer(rng: random.Random, content: bytes, other: bytes) -> bytes:
    start, value = place(rng, content), absurd_integer(rng, rng.choice(INTEGERS))
    return content[:start] + value + content[start + len(value) :]


MUTATIONS: tuple[Callable[[random.Random, bytes, bytes], bytes], ...] = (
    _flip_bits,
    _flip_bits,
    _replace_run,
    _truncate,
    _remove_run,
    _duplicate,
    _splice,
    _set_integer,
    _set_integer,
)
