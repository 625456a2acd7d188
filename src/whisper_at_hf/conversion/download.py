"""Files from the network: whole, checked, and without beginning anew after a connection that broke."""

import hashlib
import http.client
import urllib.error
import urllib.request
from pathlib import Path

from tqdm import tqdm
from transformers.utils import logging

from ..errors import InputError, first_line
from ..files import make_folder

TIMEOUT_S = 60
_CHUNK = 1 << 20
# Times that a connection which broke off is taken up again, as long as each brings something.
_MOST_ATTEMPTS = 20


def download(address: str, target: Path, sha256: str | None = None) -> None:
    """Download a file, with a progress bar unless transformers' are disabled.

    What has arrived is kept beside `target` until all is there; the next call goes on from it, if the server can.

    Args:
        address: http:// or https://.
        target: the file; it appears complete and checked, or not at all.
        sha256: what the file must have.

    Raises:
        InputError: it cannot be reached, is a web page, breaks off for good or has another hash.
    """
    make_folder(target.parent, "set WHISPER_AT_CACHE to a folder that can be written to")
    part = target.with_name(f"{target.name}.part")
    try:
        _fetch_all(address, part)
    except OSError as error:
        raise InputError(
            f"'{part}' cannot be written ({error.strerror}): make room, or set WHISPER_AT_CACHE."
        ) from error
    if sha256 is not None and sha256_of(part) != sha256:
        part.unlink()
        raise InputError(f"{address} is not the file that was published (its SHA-256 is another): try again.")
    part.replace(target)


def _fetch_all(address: str, part: Path) -> None:
    for _ in range(_MOST_ATTEMPTS):
        before = part.stat().st_size if part.exists() else 0
        if _fetch(address, part):
            return
        if part.stat().st_size <= before:
            raise InputError(f"{address} broke off after {part.stat().st_size} bytes: try again.")
    raise InputError(f"{address} broke off {_MOST_ATTEMPTS} times: try again.")


def sha256_of(path: Path) -> str:
    """The hash of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(address: str, part: Path) -> bool:
    """Append to `part` what it lacks; False if the connection broke before the end."""
    start = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "whisper-at-hf"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        response = urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == 416 and start:  # nothing lies behind what we have
            if error.headers.get("Content-Range", "").rpartition("/")[2] == str(start):
                return True
            part.unlink()  # it was of another file
            return _fetch(address, part)
        raise InputError(f"{address} cannot be downloaded ({error.code} {error.reason})") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise InputError(f"{address} cannot be reached ({first_line(error)})") from error
    with response:
        if response.headers.get_content_type() == "text/html":
            raise InputError(f"{address} is a web page, no file")
        resumed = response.status == 206
        total = _total(response, start if resumed else 0)
        with part.open("ab" if resumed else "wb") as file, _bar(part, total, start if resumed else 0) as bar:
            while True:
                try:
                    chunk = response.read(_CHUNK)
                except (OSError, http.client.HTTPException):
                    return False
                if not chunk:
                    break
                file.write(chunk)
                bar.update(len(chunk))
    return total is None or part.stat().st_size >= total


def _total(response: http.client.HTTPResponse, start: int) -> int | None:
    length = response.headers.get("Content-Length")
    return None if length is None else start + int(length)


def _bar(part: Path, total: int | None, start: int) -> tqdm:
    return tqdm(
        desc=part.name.removesuffix(".part"),
        total=total,
        initial=start,
        unit="B",
        unit_scale=True,
        disable=not logging.is_progress_bar_enabled(),
    )
