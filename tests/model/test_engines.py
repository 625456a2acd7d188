"""The ways to run a model: attention, places, precisions, compiled, exported, in shards, by several threads."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from tiny import all_scores, head_config, log_mels, save_plain_whisper, tiny_model
from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration

from whisper_at_hf import WhisperATForAudioClassification, WhisperATForConditionalGeneration
from whisper_at_hf.audio import load_audio
from whisper_at_hf.audio.log_mel import log_mel
from whisper_at_hf.conversion.default_model import sample_path
from whisper_at_hf.export import TaggerGraph


@pytest.fixture(scope="module")
def features(default_model):
    """Speech, and rain: two windows of 10 s of the recording that comes with the package."""
    extractor = WhisperFeatureExtractor.from_pretrained(default_model)
    audio = load_audio(sample_path())
    return torch.cat([log_mel(extractor, audio[start:], 160_000)[0] for start in (0, 160_000)])


def scores(model, features):
    """Scores of tag windows of 2 s, `(rows, windows, labels)`."""
    states = model.get_pooled_states(features.to(model.dtype))
    return torch.stack([model.get_tag_logits(row, features.shape[-1], 2.0) for row in states]).sigmoid()


@pytest.fixture(scope="module")
def expected(default_model, features):
    return scores(WhisperATForAudioClassification.from_pretrained(default_model), features)


@pytest.mark.real
@pytest.mark.parametrize(
    ("options", "tolerance"),
    [
        ({"attn_implementation": "eager"}, 1e-5),
        ({"attn_implementation": "sdpa"}, 0),
        ({"device_map": "cpu"}, 0),
        ({"device_map": "auto"}, 0),
        ({"dtype": torch.float16}, 1e-2),
        ({"dtype": torch.bfloat16}, 5e-2),
    ],
    ids=str,
)
def test_tags_are_those_of_float32(options, tolerance, default_model, features, expected):
    model = WhisperATForAudioClassification.from_pretrained(default_model, **options)
    found = scores(model, features)
    torch.testing.assert_close(found, expected, atol=tolerance, rtol=0)
    assert torch.equal(found.argmax(-1), expected.argmax(-1))


def test_flash_attention_is_refused_as_by_whisper_where_it_is_missing(tmp_path):
    save_plain_whisper(tmp_path / "whisper")
    tiny_model().save_pretrained(tmp_path / "ours")
    said = []
    for model_class, folder in [
        (WhisperForConditionalGeneration, "whisper"),
        (WhisperATForConditionalGeneration, "ours"),
    ]:
        with pytest.raises(ImportError, match="flash_attn|FlashAttention2") as caught:
            model_class.from_pretrained(tmp_path / folder, attn_implementation="flash_attention_2")
        said.append(str(caught.value))
    assert said[0] == said[1]


@pytest.mark.long
def test_a_compiled_model_gives_the_same_tags():
    model = tiny_model(WhisperATForAudioClassification, heads={"default": head_config(window_length_s=0.8)})
    graph, features = TaggerGraph(model, at_time_res=0.4).eval(), log_mels(batch=2, frames=80)
    with torch.no_grad():
        logits, pooled = graph(features)
        for found, wanted in zip(torch.compile(graph, backend="aot_eager")(features), (logits, pooled), strict=True):
            torch.testing.assert_close(found, wanted)


@pytest.mark.long
def test_an_exported_graph_takes_any_batch_after_reload():
    model = tiny_model(WhisperATForAudioClassification)
    graph = TaggerGraph(model, at_time_res=0.4).eval()
    program = torch.export.export(graph, (graph.example(),), dynamic_shapes=graph.dynamic_shapes())
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    reloaded = torch.export.load(file).module()
    for batch in (1, 2, 3):
        features = log_mels(batch=batch)
        logits, pooled = reloaded(features)
        torch.testing.assert_close(pooled, model.get_pooled_states(features))
        for row, states in zip(logits, pooled, strict=True):
            torch.testing.assert_close(row, model.get_tag_logits(states, features.shape[-1], 0.4))


@pytest.mark.parametrize("model_class", [WhisperATForConditionalGeneration, WhisperATForAudioClassification])
def test_weights_in_shards(model_class, tmp_path):
    model = tiny_model(model_class)
    model.save_pretrained(tmp_path, max_shard_size="20KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 1
    assert (tmp_path / "model.safetensors.index.json").is_file()
    reloaded = model_class.from_pretrained(tmp_path)
    torch.testing.assert_close(all_scores(reloaded, log_mels()), all_scores(model, log_mels()))


def test_threads_share_a_model():
    model = tiny_model(WhisperATForAudioClassification)
    inputs = [log_mels(batch=1 + seed % 3, seed=seed) for seed in range(24)]
    alone = [model.tag(features, threshold=0.0, at_time_res=0.4) for features in inputs]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda features: model.tag(features, threshold=0.0, at_time_res=0.4), inputs)) == alone
    assert alone[0] != alone[3]


@pytest.mark.real
@pytest.mark.long
def test_threads_share_a_pipeline(pipe):
    audio = load_audio(sample_path())
    parts = [audio[:64_000], audio[160_000:208_000], audio[32_000:96_000], audio[240_000:]]
    alone = [pipe(part, at_time_res=2) for part in parts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda part: pipe(part, at_time_res=2), parts))
    assert together == alone and alone[0]["text"] != alone[2]["text"]
