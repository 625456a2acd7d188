"""Clips encoded anew in every epoch: without augmentation they are the cached ones."""

import numpy as np
import pytest
import torch
from datasets import Dataset
from labelled_sounds import PITCHES, write_csv, write_tones

from whisper_at_hf import InputError
from whisper_at_hf.features import load_encoder
from whisper_at_hf.training import AudioDataset, DataArguments, HeadArguments, WaveformAugmentation
from whisper_at_hf.training.audio_dataset import load_utterances, online_training
from whisper_at_hf.training.clips import encode_clips, load_rows
from whisper_at_hf.training.fitting import Parts

LABELS = sorted(PITCHES)
MULTI, SINGLE = "multi_label_classification", "single_label_classification"
NO_CHANGE = WaveformAugmentation(gain_db=0.0)


@pytest.fixture
def encoder(whisper_folder):
    return load_encoder(whisper_folder)


@pytest.fixture
def make_clips(clips, encoder, cache_folder):
    def make(rows=None, padding="trim", problem_type=MULTI):
        rows = load_rows([str(clips / "multi-val.csv")], DataArguments()) if rows is None else rows
        window = HeadArguments(window_length_s=1.2, input_padding=padding)
        return encode_clips(rows, LABELS, problem_type, encoder, DataArguments(cache_dir=str(cache_folder)), window)

    return make


def pooled(encoder, item, steps=3):
    with torch.no_grad():
        return encoder.model.get_pooled_states(torch.from_numpy(item["input_features"])[None])[0, :, :steps].numpy()


@pytest.mark.parametrize("padding", ["trim", "pad"])
def test_unchanged_audio_gives_the_cached_features(make_clips, encoder, padding):
    clips = make_clips(padding=padding)
    dataset = AudioDataset(clips, encoder.feature_extractor, NO_CHANGE)
    assert len(dataset) == len(clips)
    for row in (0, 3):
        cached = clips.cache[clips.positions[row]]
        np.testing.assert_allclose(pooled(encoder, dataset[row]), cached, rtol=1e-3, atol=2e-3)
        np.testing.assert_array_equal(dataset[row]["labels"], clips.targets[row])


def test_segments_are_cut_as_in_the_cache(make_clips, encoder, tmp_path):
    (name,) = write_tones(tmp_path, [["low"]], seed=9, seconds=2.0)
    rows = Dataset.from_dict(
        {"path": [str(tmp_path / name)] * 2, "labels": [["low"]] * 2, "start": [0.0, 0.8], "end": [0.4, None]}
    )
    clips = make_clips(rows)
    dataset = AudioDataset(clips, encoder.feature_extractor, NO_CHANGE)
    for row in range(2):
        cached = clips.cache[clips.positions[row]]
        np.testing.assert_allclose(pooled(encoder, dataset[row]), cached, rtol=1e-3, atol=2e-3)


def test_every_draw_differs_and_torchs_seed_decides(make_clips, encoder):
    dataset = AudioDataset(make_clips(), encoder.feature_extractor, WaveformAugmentation(noise_snr_db=0.0))
    torch.manual_seed(0)
    first, second = dataset[0]["input_features"], dataset[0]["input_features"]
    torch.manual_seed(0)
    assert np.array_equal(dataset[0]["input_features"], first)
    assert not np.array_equal(first, second)


def test_mixed_in_speech_adds_its_label(make_clips, encoder):
    clips = make_clips()
    row = next(row for row, target in enumerate(clips.targets) if not target.any())
    speech = WaveformAugmentation(speech=[np.ones(16_000, np.float32)])
    dataset = AudioDataset(clips, encoder.feature_extractor, speech, speech_place=1)
    found = {tuple(dataset[row]["labels"].tolist()) for _ in range(20)}
    assert found == {(0.0, 0.0, 0.0), (0.0, 1.0, 0.0)}
    assert not clips.targets[row].any()


def test_a_teacher_goes_along(make_clips, encoder):
    clips = make_clips()
    teacher = np.random.default_rng(0).random((len(clips), 3), dtype=np.float32)
    clips.teacher = teacher
    dataset = AudioDataset(clips, encoder.feature_extractor, NO_CHANGE)
    np.testing.assert_array_equal(dataset[4]["teacher"], teacher[4])


def test_speech_comes_from_a_plain_folder_or_a_csv(tmp_path):
    names = write_tones(tmp_path / "speech" / "speaker", [["low"], ["mid"]])
    write_csv(tmp_path / "speech.csv", [(f"speech/speaker/{name}", "speech") for name in names])
    for source in ("speech", "speech.csv"):
        assert [len(audio) for audio in load_utterances(str(tmp_path / source))] == [19_200, 19_200]


def test_a_folder_without_speech_is_refused(tmp_path):
    with pytest.raises(InputError, match="no audio in --speech"):
        load_utterances(str(tmp_path))


def online(clips, encoder, problem_type=MULTI, **data):
    parts = Parts(LABELS, problem_type, encoder, [clips])
    return online_training(parts, DataArguments(on_the_fly=True, **data))


def test_arguments_reach_the_augmentation(make_clips, encoder, clips):
    options = online(
        make_clips(),
        encoder,
        gain_db=3.0,
        noise_snr_db=20.0,
        speech=str(clips / "val.csv"),
        speech_label="low",
        speech_snr_db=5.0,
    )
    change = options["train_dataset"].augmentation
    assert (change.gain_db, change.noise_snr_db, change.speech_snr_db, len(change.speech)) == (3.0, 20.0, 5.0, 6)
    assert options["train_dataset"].speech_place == LABELS.index("low")
    assert not any(parameter.requires_grad for parameter in options["encoder"].model.parameters())


def test_speech_labels_that_cannot_be_are_refused(make_clips, encoder, clips):
    speech = {"speech": str(clips / "val.csv")}
    with pytest.raises(InputError, match="'Talk' is not one of the labels"):
        online(make_clips(), encoder, speech_label="Talk", **speech)
    with pytest.raises(InputError, match="single-label"):
        single = make_clips(load_rows([str(clips / "val.csv")], DataArguments()), problem_type=SINGLE)
        online(single, encoder, SINGLE, speech_label="low", **speech)


def test_clips_in_context_are_refused(make_clips, encoder):
    with pytest.raises(InputError, match="--input_padding"):
        online(make_clips(padding="context"), encoder)
