"""The original Whisper-AT's published heads by name: where they lie, and how they come into the cache.

Addresses: https://github.com/YuanGongND/whisper-at, `package/whisper-at/whisper_at/__init__.py` of version 0.5. That
package publishes no hash of them (the part of the address that its commented-out check compares is a folder's name).
The mirror on the Hub stores them as large files, whose ETag is their SHA-256.
"""

import logging
import re
import warnings
from pathlib import Path

from huggingface_hub import constants, get_hf_file_metadata, is_offline_mode

from ..errors import InputError
from ..files import cache_directory
from .download import download, sha256_of

PREFIX = "original:"
MIRROR = "nodja/whisper-at-mirror"
ORIGIN = "https://www.dropbox.com/s"

# {name: (folder at the origin, file)}; "low" is TLTR-512, the others the full TLTR.
HEADS = {
    "tiny.en": ("atq9so6w0qug5ai", "tiny.en_ori.pth"),
    "tiny": ("cib4q4iz6g758l0", "tiny_ori.pth"),
    "base.en": ("qtzgsbuquoz0afn", "base.en_ori.pth"),
    "base": ("2odwh42u6e9ger7", "base_ori.pth"),
    "small.en": ("cyx50ycl1ul7lji", "small.en_ori.pth"),
    "small.en:low": ("507o66zgl8v6ddd", "small.en_low.pth"),
    "small": ("jftj9s0kr4ycvr1", "small_ori.pth"),
    "small:low": ("a1x0416v58f7wrf", "small_low.pth"),
    "medium.en": ("bbvylvmgns8ja4p", "medium.en_ori.pth"),
    "medium.en:low": ("2q5wprr8f9gti5t", "medium.en_low.pth"),
    "medium": ("65aabayr7o819az", "medium_ori.pth"),
    "medium:low": ("0mnfmcasram4n6o", "medium_low.pth"),
    "large-v1": ("b8x2en1fdzc8nhk", "large-v1_ori.pth"),
    "large-v1:low": ("5o79h70wyla8jlk", "large-v1_low.pth"),
    "large-v2": ("3zxpyvdrxy22eq7", "large-v2_ori.pth"),
    "large-v2:low": ("jw2rh4uylhqgn85", "large-v2_low.pth"),
}
ALIASES = {"large": "large-v2", "large:low": "large-v2:low"}

logger = logging.getLogger(__name__)


def published_head(name: str) -> Path:
    """The file of a published head, downloaded on first use into the user's cache.

    From the origin, else from the mirror; a download that broke off goes on where it was. The file is checked against
    the SHA-256 that the mirror gives; where the mirror cannot be reached, that it could not be checked is a warning.

    Args:
        name: "original:" and the size, such as "original:base.en", or "original:small.en:low" for TLTR-512.

    Raises:
        InputError: there is no such head, or it cannot be had; the message says how to get it by hand.
    """
    folder, file = HEADS[_known(name)]
    target = cache_directory() / "original-heads" / file
    if target.is_file():
        return target
    origin, mirror = f"{ORIGIN}/{folder}/{file}?dl=1", _mirror_address(file)
    by_hand = f"get {file} from {origin} or {mirror} by hand, and pass its path as --head"
    if is_offline_mode():
        raise InputError(f"'{name}' is not in the cache, and HF_HUB_OFFLINE is set; {by_hand}.")
    expected = _published_sha256(mirror)
    reasons = []
    for address in (origin, mirror):
        try:
            download(address, target, expected)
        except InputError as error:
            logger.info("%s", error)
            reasons.append(str(error).rstrip("."))
            continue
        if expected is None:
            warnings.warn(
                f"{file} could not be checked: its SHA-256 ({sha256_of(target)}) stands on {mirror} alone, which "
                "cannot be reached. It is read as weights only, and runs no code.",
                stacklevel=2,
            )
        return target
    raise InputError(f"'{name}' cannot be downloaded ({'; '.join(reasons)}); {by_hand}.")


def _known(name: str) -> str:
    chosen = name.removeprefix(PREFIX)
    chosen = ALIASES.get(chosen, chosen)
    if chosen not in HEADS:
        raise InputError(f"There is no published head {name!r}; there are {', '.join(PREFIX + one for one in HEADS)}.")
    return chosen


def _mirror_address(file: str) -> str:
    return f"{constants.ENDPOINT}/{MIRROR}/resolve/main/{file}"


def _published_sha256(address: str) -> str | None:
    """The hash that the Hub gives for a large file, or None if it cannot be asked."""
    try:
        etag = get_hf_file_metadata(address, timeout=10).etag or ""
    except Exception as error:  # of the hub's HTTP client, which has changed between its versions
        logger.info("The mirror gives no hash: %s", error)
        return None
    return etag if re.fullmatch("[0-9a-f]{64}", etag) else None
