"""Folders to upload: whole, with a card that the hub takes, and loading as they are named."""

import json

import pytest
import torch
from huggingface_hub import ModelCard
from random_heads import random_original_head
from tiny import LAYERS, MELS, WIDTH, head_config, log_mels, save_plain_whisper, tiny_model
from transformers import WhisperFeatureExtractor

from whisper_at_hf import (
    InputError,
    TLTRForAudioClassification,
    WhisperATForAudioClassification,
    WhisperATForConditionalGeneration,
)
from whisper_at_hf.cards import check_card, write_model_card
from whisper_at_hf.conversion import convert
from whisper_at_hf.publishing import export_hub, exporting, write_publication

HEADS = {"sounds": head_config(), "moods": head_config(["calm", "angry"], thresholds={"calm": 0.6})}
HEAD_FILES = {
    *("README.md", "config.json", "model.safetensors"),
    *("configuration_whisper_at.py", "errors.py", "modeling_tltr.py"),
}


@pytest.fixture
def tagger_folder(tmp_path):
    tiny_model(WhisperATForAudioClassification, heads=HEADS).save_pretrained(tmp_path / "tagger")
    WhisperFeatureExtractor(feature_size=MELS).save_pretrained(tmp_path / "tagger")
    return tmp_path / "tagger"


@pytest.fixture
def head_folder(tmp_path):
    """A trained head with its card and a picture."""
    tiny_model(heads=HEADS).save_head("moods", tmp_path / "trained")
    (tmp_path / "trained" / "curves.png").write_bytes(b"picture")
    results = {"labels": ["calm", "angry"], "validation": {"eval_map": 0.75}, "whisper": "openai/whisper-tiny"}
    write_model_card(tmp_path / "trained", results, license="cc-by-4.0")
    return tmp_path / "trained"


def auto_map(folder):
    return json.loads((folder / "config.json").read_text())["auto_map"]


def test_a_model_without_a_decoder(tagger_folder, tmp_path):
    made = export_hub(tmp_path / "out", tagger_folder, repo_id="me/tagger", license="mit")
    assert auto_map(made) == {
        "AutoConfig": "configuration_whisper_at.WhisperATConfig",
        "AutoModelForAudioClassification": "modeling_whisper_at.WhisperATForAudioClassification",
    }
    assert (made / "preprocessor_config.json").is_file()
    expected = WhisperATForAudioClassification.from_pretrained(tagger_folder)
    loaded = WhisperATForAudioClassification.from_pretrained(made)
    features = log_mels()
    assert torch.equal(loaded(features).logits, expected(features).logits)
    card = ModelCard.load(made / "README.md")
    assert card.data.pipeline_tag == "audio-classification" and card.data.license == "mit"
    assert 'AutoModelForAudioClassification.from_pretrained("me/tagger", trust_remote_code=True)' in card.text
    assert "Head `sounds`, the default:" in card.text and "## Labels of `moods`" in card.text
    assert "| calm | 0.6 |" in card.text


def test_everything_that_modules_import_goes_along(tagger_folder, tmp_path):
    made = export_hub(tmp_path / "out", tagger_folder)
    names = {path.stem for path in made.glob("*.py")}
    for path in made.glob("*.py"):
        lines = [line.split() for line in path.read_text().splitlines() if line.startswith("from .")]
        assert {line[1].removeprefix(".") for line in lines} <= names, path.name


@pytest.mark.parametrize("options", [{"head": "moods"}, {"head_only": True}])
def test_a_head_alone(tagger_folder, tmp_path, options):
    made = export_hub(tmp_path / "out", tagger_folder, repo_id="me/head", **options)
    assert {path.name for path in made.iterdir()} == HEAD_FILES
    assert auto_map(made)["AutoModelForAudioClassification"] == "modeling_tltr.TLTRForAudioClassification"
    model = WhisperATForAudioClassification.from_pretrained(tagger_folder)
    expected = model.get_head(options.get("head"))
    model.load_head(made, "attached")
    states = torch.randn(1, LAYERS, 3, WIDTH)
    torch.testing.assert_close(model.get_head("attached")(states).logits, expected(states).logits)
    assert 'model.load_head("me/head", name="mine")' in (made / "README.md").read_text()


def test_a_head_is_attached_by_its_id(tagger_folder, tmp_path, monkeypatch):
    """As downloaded: in the cache of huggingface_hub."""
    snapshot = tmp_path / "cache" / "models--me--head" / "snapshots" / "0123"
    export_hub(snapshot, tagger_folder, head="moods")
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("0123")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    model = tiny_model(heads={})
    assert model.load_head("me/head").config.labels == ["calm", "angry"]


def test_a_trained_heads_card_goes_along(head_folder, tmp_path):
    made = export_hub(tmp_path / "out", head_folder, repo_id="me/moods")
    card = ModelCard.load(made / "README.md")
    assert "| mAP (macro) | 0.75 |" in card.text and card.text.count("## Use") == card.text.count("## Citation") == 1
    assert 'head="me/moods"' in card.text and "path/to/this/folder" not in card.text
    assert (made / "curves.png").read_bytes() == b"picture" and "![Curves](curves.png)" in card.text
    assert card.data.license == "cc-by-4.0" and card.data.base_model == "openai/whisper-tiny"
    assert [(one.metric_type, one.metric_value) for one in card.data.eval_results] == [("mAP", 0.75)]
    again = export_hub(tmp_path / "again", made, repo_id="me/moods")
    assert (again / "README.md").read_text() == card.content


def test_a_models_card_takes_the_heads(tagger_folder, head_folder, tmp_path):
    made = export_hub(tmp_path / "out", tagger_folder, head_card=head_folder)
    text = (made / "README.md").read_text()
    assert "| mAP (macro) | 0.75 |" in text and (made / "curves.png").is_file()
    assert text.count("## Labels\n") == text.count("## Labels of `moods`") == 1
    with pytest.raises(InputError, match="--head-card .* is neither a card nor a folder with one"):
        export_hub(tmp_path / "other", tagger_folder, head_card=tmp_path)
    (head_folder / "README.md").write_text("---\na: [\n---\n")
    with pytest.raises(InputError, match="README.md' has metadata that cannot be read"):
        export_hub(tmp_path / "other", tagger_folder, head_card=head_folder)


def test_a_model_with_a_decoder(tmp_path):
    tmp_path = tmp_path / "out"
    tmp_path.mkdir()
    write_publication(tmp_path, tiny_model(), "me/model", max_shard_size="20KB", tags=["mine"])
    assert set(auto_map(tmp_path)) == {
        *("AutoConfig", "AutoModel", "AutoModelForSpeechSeq2Seq", "AutoModelForAudioClassification")
    }
    assert (tmp_path / "model.safetensors.index.json").is_file()
    assert ModelCard.load(tmp_path / "README.md").data.to_dict() == {
        "library_name": "transformers",
        "pipeline_tag": "automatic-speech-recognition",
        "tags": ["whisper-at", "audio-classification", "tltr", "mine"],
    }
    expected, loaded = tiny_model(), WhisperATForConditionalGeneration.from_pretrained(tmp_path)
    assert loaded.tag(log_mels()) == expected.tag(log_mels())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"repo_id": "a b/c"}, "--repo-id 'a b/c' is no hub id"),
        ({"repo_id": "model"}, "--repo-id 'model' has no owner"),
        ({"head": "birds"}, "no head 'birds'"),
        ({"license": "Apache 2"}, "license is 'Apache 2', not an identifier"),
    ],
)
def test_bad_input_leaves_nothing(tagger_folder, tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        export_hub(tmp_path / "out", tagger_folder, **options)
    assert {path.name for path in tmp_path.iterdir()} == {"tagger"}


def test_other_models_are_sent_to_convert(tmp_path):
    save_plain_whisper(tmp_path / "whisper")
    with pytest.raises(InputError, match="whisper model; make it a Whisper-AT with whisper-at convert"):
        export_hub(tmp_path / "out", tmp_path / "whisper")
    with pytest.raises(InputError, match="neither a folder .* nor a hub id that can be reached"):
        export_hub(tmp_path / "out", tmp_path / "nothing")


def test_a_head_has_no_heads(head_folder, tmp_path):
    with pytest.raises(InputError, match="--head 'moods' names a head of a model, but .* is a head alone"):
        export_hub(tmp_path / "out", head_folder, head="moods")


def test_what_breaks_off_leaves_nothing(tagger_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "add_remote_code", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export_hub(tmp_path / "out", tagger_folder)
    assert {path.name for path in tmp_path.iterdir()} == {"tagger"}


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A head of the shape of the original's for tiny.en, under its file's name."""
    path = tmp_path_factory.mktemp("original") / "tiny.en_ori.pth"
    torch.save({name: torch.from_numpy(values) for name, values in random_original_head(384).items()}, path)
    return path


def test_a_converted_head_says_where_it_is_from(original, tmp_path):
    import hashlib

    head = convert(None, tmp_path / "head", head=original, head_only=True)
    made = export_hub(tmp_path / "out", head, repo_id="me/tiny.en")
    text = (made / "README.md").read_text()
    assert f"`tiny.en_ori.pth` (SHA-256 `{hashlib.sha256(original.read_bytes()).hexdigest()}`)" in text
    data = check_card(text)
    assert (data.license, data.base_model) == ("bsd-2-clause", "openai/whisper-tiny.en")
    assert [one.metric_value for one in data.eval_results] == [35.8]
    assert "Copyright (c) 2023, Yuan Gong" in text and "Copyright (c) 2022 OpenAI" not in text


def test_published_scores_are_not_said_of_other_weights(original, tmp_path):
    head = TLTRForAudioClassification.from_pretrained(convert(None, tmp_path / "head", head=original, head_only=True))
    with torch.no_grad():
        head.classifier.bias[0] += 1
    head.save_pretrained(tmp_path / "trained")
    text = (export_hub(tmp_path / "out", tmp_path / "trained") / "README.md").read_text()
    assert "It was trained further." in text and "35.8" not in text
    assert check_card(text).eval_results is None


def test_a_base_model_that_no_hub_has(tmp_path):
    with pytest.raises(InputError, match="--base-model 'a b' is no hub id"):
        export_hub(tmp_path / "out", base_model="a b")
    assert not (tmp_path / "out").exists()
