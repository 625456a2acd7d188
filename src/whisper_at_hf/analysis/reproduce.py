"""The paper's findings in one go: all analyses on one set of speech, sounds and models, with an estimate first.

Source: Whisper-AT, https://arxiv.org/abs/2307.03183, section 2: 40 utterances of LibriSpeech, each over the 40 clips
of each of ESC-50's 50 classes, at ratios from 20 to -20 dB.
"""

import time
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from datasets import Dataset

from ..data import load_data
from ..errors import InputError
from ..features import FeatureCache, extract_features
from ..files import cache_directory, write_atomically
from ..pipeline.loading import check_device
from .classes.run import FEWEST_CLASSES, analyze_classes
from .layers.encoders import load_speech_encoder
from .layers.run import analyze_layers
from .robustness.material import Material
from .robustness.pairs import PAPER_SNRS, Pair, draw_utterances, load_sounds, plan
from .robustness.recognisers import load_recogniser
from .robustness.run import SNRS, analyze_robustness
from .robustness.speech_data import load_speech
from .robustness.transcriptions import Announce, TextStore, clock, transcribe

# Clips and texts that the time of the rest is judged by; they are kept, so nothing is done twice.
TRIAL_CLIPS, TRIAL_TEXTS = 16, 32
PARTS = ("layers", "robustness", "classes")
REPORT_FILE = "README.md"


class Grid(NamedTuple):
    """How much is transcribed.

    Attributes:
        snrs: ratios in dB.
        utterances: how many are drawn.
        sounds_per_class: clips of each class that each utterance is mixed with.
    """

    snrs: Sequence[float]
    utterances: int = 40
    sounds_per_class: int = 1


PAPER = Grid(PAPER_SNRS, sounds_per_class=40)
SMALL = Grid(SNRS)


class Estimate(NamedTuple):
    """What one model has to do, and how long that takes, judged by a few clips and texts.

    Attributes:
        model: as it was named.
        clips, texts: how many there are.
        clips_left, texts_left: how many of them are not in the caches.
        seconds: for what is left.
    """

    model: str
    clips: int
    clips_left: int
    texts: int
    texts_left: int
    seconds: float


def reproduce(
    speech: str | PathLike,
    sounds: str | PathLike,
    models: Sequence[str],
    output: str | PathLike,
    grid: Grid = PAPER,
    window_length_s: float = 10.0,
    split: str | None = None,
    cache: str | PathLike | None = None,
    batch_size: int = 16,
    dtype: str = "float32",
    device: str | None = None,
    seed: int = 0,
    fallback: bool = False,
    estimate_only: bool = False,
    announce: Announce | None = None,
) -> list[Estimate]:
    """Run `analyze_layers`, `analyze_robustness` and `analyze_classes`, each into a folder of its name.

    Everything that is encoded or transcribed is kept: stopped and started again, it goes on where it was.

    Args:
        speech: see `load_speech`.
        sounds: clips with one label each, see `load_data`; `split` is of these.
        models: speech recognisers, of which the encoders are probed.
        output: folder for the parts' folders and a README.md that shows them all.
        grid: `PAPER`, `SMALL`, or one of your own.
        window_length_s: seconds that are read of each sound for the probes.
        cache: folder for features and texts; in the user's cache if None.
        batch_size: sounds transcribed at a time.
        dtype, device, fallback: of the recognisers, see `load_recogniser`; encoders compute in float32.
        seed: draws utterances and sounds.
        estimate_only: go no further than the estimate.
        announce: told what there is to do and how far it is; None for silence.

    Returns:
        The estimates, by model.

    Raises:
        InputError: as the three analyses, before anything is run for them where that can be; no model was named.
    """
    if not models:
        raise InputError("No model was named; pass --model.")
    check_device(device)
    output = Path(output)
    if output.exists() and not output.is_dir():
        raise InputError(f"'{output}' is a file; name a folder as --output.")
    folders = _Folders(cache)
    pairs, material = _planned(speech, sounds, split, grid, seed)
    estimates = []
    for model in models:
        recognition = {"batch_size": batch_size, "dtype": dtype, "device": device, "fallback": fallback}
        estimates.append(_estimate(model, sounds, split, window_length_s, pairs, material, folders, recognition))
        if announce is not None:
            announce(describe(estimates[-1]))
    if estimate_only:
        return estimates
    if announce is not None:
        announce(f"All in all {clock(sum(one.seconds for one in estimates))} to go.")
    layers, robustness, classes = (output / part for part in PARTS)
    analyze_layers(
        sounds, models, layers, window_length_s, folders.features, split=split, device=device, announce=announce
    )
    analyze_robustness(
        speech,
        sounds,
        models,
        robustness,
        grid.snrs,
        grid.utterances,
        grid.sounds_per_class,
        folders.texts,
        batch_size,
        dtype,
        device,
        seed,
        fallback,
        split,
        announce,
    )
    analyze_classes(robustness, layers, classes)
    _write_report(output, grid)
    return estimates


class _Folders(NamedTuple):
    """Where the parts keep what they have done: the folders that they use by themselves, or those in `cache`."""

    cache: str | PathLike | None

    @property
    def features(self) -> Path:
        return self._root / "features"

    @property
    def texts(self) -> Path:
        return self._root / "texts"

    @property
    def _root(self) -> Path:
        return cache_directory() if self.cache is None else Path(self.cache)


def _estimate(
    model: str,
    sounds: str | PathLike,
    split: str | None,
    window_length_s: float,
    pairs: list[Pair],
    material: Material,
    folders: _Folders,
    recognition: dict[str, Any],
) -> Estimate:
    """Encode and transcribe a few, and count what is left."""
    clips, left, per_clip = _try_encoder(
        model, sounds, split, window_length_s, folders.features, recognition["device"]
    )
    texts, texts_left, per_text = _try_recogniser(model, pairs, material, folders.texts, recognition)
    return Estimate(model, clips, left, texts, texts_left, left * per_clip + texts_left * per_text)


def _planned(
    speech: str | PathLike, sounds: str | PathLike, split: str | None, grid: Grid, seed: int
) -> tuple[list[Pair], Material]:
    heard = load_sounds(str(sounds), split)
    utterances = draw_utterances(load_speech(speech), grid.utterances, seed)
    material = Material()
    pairs = plan(utterances, heard, grid.snrs, grid.sounds_per_class, seed)
    usable = material.usable(pairs)
    labels = {pair.sound.label for pair in usable if pair.sound is not None}
    if len(labels) < FEWEST_CLASSES:
        raise InputError(
            f"'{sounds}' has {len(labels)} classes that can be used, and a regression over classes needs three; add "
            "sounds, or run whisper-at analyze layers and robustness by themselves."
        )
    return usable, material


def _try_encoder(
    model: str, sounds: str | PathLike, split: str | None, window_length_s: float, folder: Path, device: str | None
) -> tuple[int, int, float]:
    """Clips, how many are not in the cache after the trial, and the seconds that each takes."""
    rows = load_data(sounds, split=split)
    encoder = load_speech_encoder(model)

    def encode(chosen: list[int]) -> FeatureCache:
        return extract_features(rows.select(chosen), encoder, folder, window_length_s, device=device)

    # The first clip opens the cache, and warms the encoder up.
    missing = _missing(encode([0]), rows)
    trial = [missing[place] for place in _spread(len(missing), TRIAL_CLIPS)]
    started = time.perf_counter()
    features = encode(trial or [0])
    seconds = (time.perf_counter() - started) / max(1, len(trial))
    # Clips that cannot be read stay missing: they cost next to nothing, but are counted.
    return len(rows), len(_missing(features, rows)), seconds


def _missing(features: FeatureCache, rows: Dataset) -> list[int]:
    return [row for row, position in enumerate(features.lookup(rows)) if position is None]


def _try_recogniser(
    model: str, pairs: list[Pair], material: Material, folder: Path, recognition: dict[str, Any]
) -> tuple[int, int, float]:
    """Texts, how many are not in the cache after the trial, and the seconds that each takes."""
    recogniser = load_recogniser(model, **recognition)
    store = TextStore(folder, recogniser.identity)
    missing = [pair for pair in pairs if material.key(pair) not in store]
    trial = [missing[place] for place in _spread(len(missing), TRIAL_TEXTS)]
    started = time.perf_counter()
    transcribe(trial, material, recogniser, folder)
    seconds = (time.perf_counter() - started) / max(1, len(trial))
    return len(pairs), len(missing) - len(trial), seconds


def _spread(count: int, chosen: int) -> list[int]:
    """At most `chosen` of the numbers below `count`, evenly spread."""
    return sorted({round(place * (count - 1) / max(1, chosen - 1)) for place in range(min(chosen, count))})


def describe(estimate: Estimate) -> str:
    """One model's work in a sentence."""
    return (
        f"{Path(estimate.model).name}: {estimate.clips_left} of {estimate.clips} clips to encode and "
        f"{estimate.texts_left} of {estimate.texts} mixtures to transcribe, {clock(estimate.seconds)}."
    )


def _write_report(output: Path, grid: Grid) -> None:
    """A page that shows all parts."""
    ratios = ", ".join(f"{snr:g}" for snr in grid.snrs)
    head = (
        "# Noise-robust recognisers know the noise\n\n"
        f"{grid.utterances} utterances, each over {grid.sounds_per_class} of the clips of each class of sounds, at "
        f"{ratios} dB. Source of the experiments: https://arxiv.org/abs/2307.03183, section 2.\n"
    )
    pages = []
    for part in PARTS:
        text = (output / part / f"{part}.md").read_text(encoding="utf-8")
        pages.append(text.replace("](", f"]({part}/").replace("# ", "## "))
    write_atomically(output / REPORT_FILE, "\n".join([head, *pages]))
