"""Folders for onnxruntime: the pipeline's tags on real weights and sound, also without torch, and heads alone."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from onnxruntime import InferenceSession
from subprocesses import run_python
from tiny import MELS, head_config, tiny_model
from transformers import AutoConfig, WhisperFeatureExtractor

from whisper_at_hf import InputError, TLTRConfig, TLTRForAudioClassification, WhisperATForAudioClassification
from whisper_at_hf.audio import load_audio
from whisper_at_hf.audio.log_mel import log_mel
from whisper_at_hf.cli import app
from whisper_at_hf.conversion.default_model import sample_path
from whisper_at_hf.export import TaggerGraph, export_head, export_tagger, onnx_folder
from whisper_at_hf.export.onnx_folder import OnnxFile

pytestmark = pytest.mark.long
PAGE = Path(__file__).parents[2] / "docs" / "onnx.md"


def run(folder, inputs: torch.Tensor, outputs=("logits",), file="model.onnx") -> list[torch.Tensor]:
    session = InferenceSession(folder / file)
    results = session.run(list(outputs), {session.get_inputs()[0].name: inputs.numpy()})
    return [torch.from_numpy(values) for values in results]


@pytest.fixture(scope="module")
def tagger(default_model, tmp_path_factory) -> Path:
    """The embedded model in two forms, tag windows of 2 s, made by the command."""
    folder = tmp_path_factory.mktemp("onnx") / "tagger"
    options = ["--model", str(default_model), "--at-time-res", "2", "--int8", "--quiet"]
    app(["export-onnx", str(folder), *options], standalone_mode=False)
    return folder


@pytest.fixture(scope="module")
def model(default_model):
    return WhisperATForAudioClassification.from_pretrained(default_model)


@pytest.fixture(scope="module")
def features(tagger, esc10) -> torch.Tensor:
    """Three real clips, 10 s each, `(3, mels, frames)`."""
    extractor = WhisperFeatureExtractor.from_pretrained(tagger)
    clips = [load_audio(row["file"]) for row in esc10[::150][:3]]
    return torch.cat([log_mel(extractor, clip, 160_000)[0] for clip in clips])


@pytest.mark.real
@pytest.mark.data
@pytest.mark.parametrize("batch", [1, 3])
def test_logits_are_torchs(tagger, model, features, batch):
    logits, pooled = run(tagger, features[:batch], ("logits", "pooled_states"))
    expected = model.get_pooled_states(features[:batch])
    torch.testing.assert_close(pooled, expected, atol=1e-4, rtol=1e-4)
    for row, states in zip(logits, expected, strict=True):
        torch.testing.assert_close(row, model.get_tag_logits(states, 1000, at_time_res=2), atol=1e-4, rtol=0)


@pytest.mark.real
@pytest.mark.data
def test_8_bits_are_smaller_and_near(tagger, features):
    whole, rough = (run(tagger, features, file=name)[0].sigmoid() for name in ("model.onnx", "model_quantized.onnx"))
    assert 0 < (whole - rough).abs().mean() < 0.01
    sizes = [(tagger / name).stat().st_size for name in ("model_quantized.onnx", "model.onnx")]
    assert sizes[0] < 0.4 * sizes[1]


@pytest.mark.real
def test_what_lies_beside_explains_it(tagger, model):
    config = AutoConfig.from_pretrained(tagger)
    assert config.id2label == model.config.id2label
    assert config.heads["default"].thresholds == model.config.heads["default"].thresholds
    assert (
        config.architectures == ["WhisperATForAudioClassification"] and not Path(tagger, "model.safetensors").exists()
    )


@pytest.mark.real
def test_the_pages_example_gives_the_pipelines_tags_without_torch(tagger, pipe, tmp_path):
    audio = load_audio(sample_path())[: 15 * 16_000]  # the second row is padded
    soundfile.write(tmp_path / "street.wav", audio, 16_000, subtype="FLOAT")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    code = code.replace('"tagger', f'"{tagger.as_posix()}').replace('"street', f'"{tmp_path.as_posix()}/street')
    code = f"import sys\nsys.modules['torch'] = None\n{code}\nnp.save(r'{tmp_path / 'scores.npy'}', scores)\n"
    done = run_python("-c", code)
    assert done.returncode == 0, done.stderr
    assert "Speech 0.9" in done.stdout.splitlines()[0]
    windows = pipe(audio, return_text=False, at_time_res=2, top_k=None, threshold=0.0)["audio_tags"]
    expected = [{tag["label"]: tag["score"] for tag in window["tags"]} for window in windows]
    labels = pipe.model.get_head().config.labels
    expected = np.array([[scores[label] for label in labels] for scores in expected])
    np.testing.assert_allclose(np.load(tmp_path / "scores.npy"), expected, atol=1e-4)


@pytest.mark.real
@pytest.mark.data
def test_a_head_alone_tags_the_states_of_the_encoder(tagger, model, features, tmp_path):
    export_head(model.get_head(), tmp_path / "head", int8=True)
    (pooled,) = run(tagger, features, ("pooled_states",))
    for batch, steps in [(3, 25), (1, 7), (2, 1)]:
        part = pooled[:batch, :, :steps]
        with torch.no_grad():
            expected = model.get_head()(part).logits
        torch.testing.assert_close(run(tmp_path / "head", part)[0], expected, atol=1e-4, rtol=0)
    assert (tmp_path / "head" / "model_quantized.onnx").is_file()
    assert TLTRConfig.from_pretrained(tmp_path / "head").labels == model.get_head().config.labels


def test_a_head_of_another_kind(tmp_path):
    config = head_config(projection_dim=8, projection_per_layer=True, problem_type="single_label_classification")
    (file,) = export_head(TLTRForAudioClassification(config).eval(), tmp_path / "head")
    assert file.name == "model.onnx" and file.difference < 1e-5


class TestTinyModel:
    HEADS = {
        "default": head_config(window_length_s=1.2),
        "other": head_config(["a", "b"], input_padding="pad", window_length_s=0.8),
    }
    EXTRACTOR = WhisperFeatureExtractor(feature_size=MELS)

    def model(self, **options):
        return tiny_model(WhisperATForAudioClassification, heads=dict(self.HEADS), **options)

    def test_a_named_head_and_windows_of_its_own_training(self, tmp_path):
        model = self.model(default_head="other")
        files = export_tagger(model, self.EXTRACTOR, tmp_path / "tagger", "default", at_time_res=0.4)
        assert [file.num_bytes for file in files] == [(tmp_path / "tagger" / "model.onnx").stat().st_size]
        config = AutoConfig.from_pretrained(tmp_path / "tagger")
        assert (list(config.heads), config.default_head, len(config.id2label)) == (["default"], "default", 4)
        assert list(model.config.heads) == ["default", "other"] and model.config.default_head == "other"

    def test_windows_are_those_of_the_training(self):
        graph = TaggerGraph(self.model())
        assert (graph.frames, graph.steps, graph.windows) == (120, 3, 1)
        with pytest.raises(InputError, match="at_time_res=0.8 does not divide the 2 s"):
            TaggerGraph(self.model(default_head="other"), "other")
        assert TaggerGraph(self.model(default_head="other"), "other", 0.4).windows == 5

    def test_other_scores_than_torchs_leave_nothing(self, tmp_path, monkeypatch):
        monkeypatch.setattr(onnx_folder, "_write_graph", lambda graph, path: path.write_bytes(b"onnx"))
        monkeypatch.setattr(onnx_folder, "_checked", lambda *_: OnnxFile("model.onnx", 4, 2e-4))
        with pytest.raises(RuntimeError, match="scores are 0.0002 away from torch's"):
            export_head(self.model().get_head(), tmp_path / "head")
        assert list(tmp_path.iterdir()) == []

    def test_what_cannot_be_written_is_refused(self, tmp_path):
        with pytest.raises(InputError, match="float32 on the CPU, not torch.bfloat16"):
            export_tagger(self.model().bfloat16(), self.EXTRACTOR, tmp_path / "tagger")
        (tmp_path / "notes.txt").write_text("mine")
        with pytest.raises(InputError, match="not empty"):
            export_head(self.model().get_head(), tmp_path)


def test_damaged_weights_leave_nothing(tmp_path):
    head = TLTRForAudioClassification(head_config()).eval()
    torch.nn.init.constant_(head.classifier.weight, float("nan"))
    with pytest.raises(InputError, match="not numbers"):
        export_head(head, tmp_path / "head")
    assert not (tmp_path / "head").exists()


def test_windows_of_a_head_alone_are_refused(tmp_path):
    with pytest.raises(SystemExit, match="2"):
        app(["export-onnx", str(tmp_path / "head"), "--head-only", "--at-time-res", "2"])
    assert not (tmp_path / "head").exists()
