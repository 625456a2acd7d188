"""Sound files with absurd headers: what stands in the fields that say how much there is of something."""

import random
import struct
from functools import partial

from .mutations import absurd_integer

# After these marks stand rates, channels, bits, counts of samples, sizes, entries of tables; how many bytes to choose
# from.
FIELDS = {
    "wav": {b"RIFF": 4, b"fmt ": 20, b"data": 4},
    "flac": {b"fLaC": 38},
    "mp3": {b"Xing": 12, b"Info": 12, b"ID3": 7, b"\xff\xfb": 2},
    "ogg": {b"OggS": 23, b"OpusHead": 11, b"\x01vorbis": 23, b"OpusTags": 8},
    "mp4": dict.fromkeys((b"stsz", b"stts", b"stsc", b"stco", b"mdhd", b"mvhd", b"mp4a", b"esds", b"elst"), 24),
    "webm": {b"\x86": 8, b"\xb5": 9, b"\x9f": 2, b"OpusHead": 11, b"\x1f\x43\xb6\x75": 8, b"\xa3": 6},
    "aiff": {b"COMM": 22, b"SSND": 12, b"FORM": 4},
    "au": {b".snd": 20},
}
RATES = (0, 1, 999, 1000, 1009, 9_999_991, 10**7, 2**31 - 1, 2**32 - 1)
CHANNELS = (0, 1, 2, 8, 255, 256, 2**15, 2**16 - 1)
BITS = (0, 1, 7, 8, 12, 16, 24, 32, 64, 255, 2**16 - 1)
TAGS = (0, 1, 2, 3, 6, 7, 0x11, 0x31, 0x50, 0x55, 0x160, 0x161, 0xFFFE, 0xFFFF)


def _fields(marks: dict[bytes, int], rng: random.Random, content: bytes) -> bytes:
    for _ in range(rng.randint(1, 3)):
        mark, start = rng.choice(list(marks)), -1
        places = [start for start in range(len(content)) if content.startswith(mark, start)]
        if places:
            value = absurd_integer(rng, rng.choice(("<B", ">H", "<H", ">I", "<I", ">Q")))
            start = rng.choice(places) + len(mark) + rng.randrange(marks[mark])
            content = content[:start] + value + content[start + len(value) :]
    return content


def _wav(rng: random.Random, content: bytes) -> bytes:
    """A header that fits no sound before the samples of one."""
    rate, channels, bits = rng.choice(RATES), rng.choice(CHANNELS), rng.choice(BITS)
    frame = rng.choice((channels * bits // 8 % 2**16, 0, 1, 2**16 - 1))
    size = rng.choice((0, 1, len(content), 2**31 - 1, 2**32 - 1, 10**12 % 2**32))
    header = struct.pack("<HHIIHH", rng.choice(TAGS), channels, rate, rng.choice((rate, 0)), frame, bits)
    parts = b"WAVEfmt " + struct.pack("<I", len(header)) + header + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", size) + parts + content[44:]


def _ogg(rng: random.Random, content: bytes) -> bytes:
    return with_page_sums(_fields(FIELDS["ogg"], rng, content))


def with_page_sums(content: bytes) -> bytes:
    """An Ogg file whose every page has the checksum of what is in it, so that a reader does not skip it."""
    fixed, start = bytearray(content), content.find(b"OggS")
    while 0 <= start and start + 27 <= len(fixed):
        segments = fixed[start + 26]
        end = start + 27 + segments + sum(fixed[start + 27 : start + 27 + segments])
        fixed[start + 22 : start + 26] = bytes(4)
        fixed[start + 22 : start + 26] = struct.pack("<I", _page_sum(fixed[start:end]))
        start = content.find(b"OggS", start + 4)
    return bytes(fixed)


def _page_sum(page: bytes) -> int:
    """The CRC of Ogg: polynomial 0x04c11db7, from 0, neither reflected nor inverted."""
    total = 0
    for byte in page:
        total = (total << 8) & 0xFFFFFFFF ^ _TABLE[total >> 24 ^ byte]
    return total


def _table_entry(byte: int) -> int:
    total = byte << 24
    for _ in range(8):
        total = (total << 1) ^ (0x104C11DB7 if total & 0x80000000 else 0)
    return total


_TABLE = [_table_entry(byte) for byte in range(256)]

ABSURD_SOUND = {form: partial(_fields, marks) for form, marks in FIELDS.items()} | {"ogg": _ogg}


def absurd_sound(form: str, rng: random.Random, content: bytes) -> bytes:
    """A file of that form with absurd fields; `content` is an intact one."""
    if form == "wav" and rng.random() < 0.7:
        return _wav(rng, content)
    return ABSURD_SOUND[form](rng, content)
