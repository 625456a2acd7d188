"""No file that a user is given runs code: not a checkpoint, a model's folder, a cache, a run, a recipe or a table.

Each would make the canary's file if it were loaded carelessly, and two tests see that the canaries are alive.
SECURITY.md says what is promised.
"""

import ast
import json
import shutil
import sys
import warnings

import pytest
import torch
from labelled_sounds import PITCHES, save_tiny_whisper, write_csv, write_tones
from malice import (
    edit_json,
    malicious_head,
    malicious_model,
    malicious_whisper,
    of_unknown_type,
    pickled_weights,
    write_pickle,
)
from tiny import tiny_model
from transformers import (
    AutoConfig,
    AutoFeatureExtractor,
    AutoModel,
    AutoModelForAudioClassification,
    AutoModelForSpeechSeq2Seq,
    dynamic_module_utils,
    pipeline,
)
from transformers.utils import logging
from typer.testing import CliRunner

from whisper_at_hf import InputError, WhisperATForAudioClassification, WhisperATForConditionalGeneration
from whisper_at_hf.cli import app
from whisper_at_hf.conversion import convert, default_model, load_head, load_whisper
from whisper_at_hf.conversion.processors import load_processor
from whisper_at_hf.conversion.sources import read_config
from whisper_at_hf.data import load_data
from whisper_at_hf.demo import write_space
from whisper_at_hf.features import FeatureCache, extract_features, load_encoder
from whisper_at_hf.pipeline.loading import load_pipeline
from whisper_at_hf.training import parse_arguments, run
from whisper_at_hf.training.evaluation import open_head
from whisper_at_hf.training.run_folder import RESULTS_FILE, checkpoint_folders
from whisper_at_hf.training.taggers import TransformersTagger, load_tagger

SAMPLE = default_model.sample_path()


@pytest.fixture
def canary(tmp_path, monkeypatch):
    """The file that no test may make; code that is run is copied to where the test's files lie."""
    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path / "canary"


@pytest.fixture(autouse=True)
def nobody_is_asked(monkeypatch):
    """A question whether to run code would be answered with yes."""
    monkeypatch.setattr("builtins.input", lambda prompt="": "y")


@pytest.fixture
def refuses(canary):
    """Calls a function, and sees that it ends well or in `InputError` and runs nothing."""

    def refuses(load, *arguments, message=None, **options):
        if message is None:
            load(*arguments, **options)
        else:
            with pytest.raises(InputError, match=message):
                load(*arguments, **options)
        assert not canary.exists()

    return refuses


@pytest.fixture
def cli(canary, monkeypatch):
    """Runs `whisper-at ...`, which may end well or in one sentence that holds `message`."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    verbosity = logging.get_verbosity()

    def cli(*arguments, message=None):
        with warnings.catch_warnings():
            result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert not canary.exists()
        assert result.exit_code == (0 if message is None else 2), (result.output, result.exception)
        if message is not None:
            assert len(result.stderr.strip().splitlines()) == 1 and message in result.stderr, result.stderr
            assert "Traceback" not in result.output
        return result

    yield cli
    logging.set_verbosity(verbosity)
    logging.enable_progress_bar()


def test_the_pickles_are_alive(tmp_path, canary):
    write_pickle(tmp_path / "model.pt", canary)
    torch.load(tmp_path / "model.pt", weights_only=False)
    assert canary.exists()


def test_trusted_code_runs(tmp_path, canary):
    folder = of_unknown_type(malicious_head(tmp_path / "head", canary))
    AutoConfig.from_pretrained(folder, trust_remote_code=True)
    assert canary.exists()


def test_a_tagger_that_is_named_runs(tmp_path, canary):
    code = f"open({str(canary)!r}, 'w').close()\nclass Tagger:\n    labels, sampling_rate = ['a'], 16000\n"
    (tmp_path / "tagger.py").write_text(f"{code}    def __call__(self, clips): ...\n")
    load_tagger(f"{tmp_path / 'tagger.py'}:Tagger")
    assert canary.exists()


@pytest.mark.parametrize("kind", ["torch", "pickle"])
def test_checkpoints(tmp_path, canary, refuses, cli, kind):
    path = tmp_path / "model.pth"
    write_pickle(path, canary, kind)
    refused = r"model\.pth was refused"
    refuses(load_whisper, path, message=refused)
    refuses(load_encoder, path, message=refused)
    refuses(load_head, path, message=refused)
    refuses(convert, path, tmp_path / "out", message=refused)
    cli("convert", "--whisper", path, "--output", tmp_path / "out", message="was refused")
    cli("convert", "--head", path, "--head-only", "--output", tmp_path / "out", message="was refused")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "content",
    [
        {"at_model.layer_tr.attn.query.weight": torch.ones(2, 2), "at_model.time_tr.mlp.0.bias": "text"},
        {"at_model.layer_tr.attn.query.weight": torch.ones(2, 2), 7: torch.ones(2)},
        {"dims": {"n_audio_head": -1}, "model_state_dict": {"decoder.ln.weight": torch.ones(2)}},
        {"dims": {"n_audio_head": "os.system"}, "model_state_dict": {"decoder.ln.weight": torch.ones(2)}},
        {"dims": {}, "model_state_dict": {"decoder.token_embedding.weight": [1, 2]}},
    ],
)
def test_checkpoints_of_odd_content(tmp_path, refuses, content):
    torch.save(content, tmp_path / "odd.pth")
    refuses(load_whisper if "dims" in content else load_head, tmp_path / "odd.pth", message=r"odd\.pth (h|lacks)")


def test_a_head_with_code_is_loaded_without_it(tmp_path, canary, refuses, cli):
    folder = malicious_head(tmp_path / "head", canary)
    refuses(load_head, folder)
    refuses(open_head, folder, None)
    refuses(tiny_model(heads={}).load_head, folder)
    refuses(AutoConfig.from_pretrained, folder)
    refuses(AutoModelForAudioClassification.from_pretrained, folder)
    refuses(AutoModelForAudioClassification.from_pretrained, folder, trust_remote_code=False)
    cli("info", folder)
    cli("convert", "--head", folder, "--head-only", "--output", tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.py"))
    cli("tag", SAMPLE, "--model", folder, message="head alone")


@pytest.mark.parametrize("kind", [malicious_head, malicious_model, malicious_whisper])
def test_folders_of_pickled_weights(tmp_path, canary, refuses, kind):
    folder = pickled_weights(kind(tmp_path / "folder", canary), canary)
    classes = {
        malicious_head: [load_head],
        malicious_model: [WhisperATForConditionalGeneration.from_pretrained, AutoModel.from_pretrained, load_encoder],
        malicious_whisper: [load_whisper, load_encoder, WhisperATForAudioClassification.from_whisper],
    }
    for load in classes[kind]:
        with pytest.raises(Exception) as refused:
            load(folder)
        assert "Weights only load failed" in str(refused.value) or isinstance(refused.value, InputError)
    assert not canary.exists()


def test_commands_say_what_is_wrong_with_pickled_weights(tmp_path, canary, cli):
    model = pickled_weights(malicious_model(tmp_path / "model", canary), canary)
    head = pickled_weights(malicious_head(tmp_path / "head", canary), canary)
    data = write_csv(tmp_path / "clips.csv", [(str(SAMPLE), "Speech")])
    cli("tag", SAMPLE, "--model", model, message="refused")
    cli("convert", "--whisper", model, "--output", tmp_path / "out", message="refused")
    cli("convert", "--head", head, "--head-only", "--output", tmp_path / "out", message="refused")
    cli("extract", "--whisper", model, "--data", data, "--cache", tmp_path / "cache", message="refused")
    cli("evaluate", head, "--data", data, message="refused")
    cli("teach", "--model", model, "--data", data, "--output", tmp_path / "t.csv", message="refused")


def test_a_model_with_code_is_loaded_without_it(tmp_path, canary, refuses, cli):
    folder = malicious_model(tmp_path / "model", canary)
    for load in (WhisperATForConditionalGeneration, WhisperATForAudioClassification):
        refuses(load.from_pretrained, folder)
    for auto_class in (AutoModel, AutoModelForSpeechSeq2Seq, AutoModelForAudioClassification, AutoFeatureExtractor):
        refuses(auto_class.from_pretrained, folder, trust_remote_code=False)
    refuses(load_encoder, folder)
    refuses(TransformersTagger, folder)
    # It has no tokenizer of transformers' own, which tags do not need.
    refuses(load_pipeline, str(folder), message="no complete Whisper-AT model")
    refuses(load_processor, folder, AutoConfig.from_pretrained(folder), message="--processor .* cannot be loaded")
    cli("info", folder)
    cli("convert", "--whisper", folder, "--output", tmp_path / "out", message="--processor")
    cli("tag", SAMPLE, "--model", folder)
    cli("transcribe", SAMPLE, "--model", folder, message="no complete Whisper-AT model")
    cli("plot", SAMPLE, "--model", folder, "--output", tmp_path / "a.html", message="no complete Whisper-AT model")


def test_pipeline_code_in_a_folder_is_not_run_untrusted(tmp_path, canary):
    folder = malicious_model(tmp_path / "model", canary)
    with pytest.raises(ValueError, match="trust_remote_code=True"):
        pipeline("whisper-at", model=str(folder))
    assert not canary.exists()


def test_a_whisper_with_code_is_loaded_without_it(tmp_path, canary, refuses, cli):
    folder = malicious_whisper(tmp_path / "whisper", canary)
    refuses(WhisperATForConditionalGeneration.from_whisper, folder, labels=["Dog"])
    refuses(load_encoder, folder)
    refuses(load_whisper, folder, message="--processor")
    cli("convert", "--whisper", folder, "--output", tmp_path / "out", message="--processor")


@pytest.mark.parametrize("kind", [malicious_head, malicious_model])
def test_commands_never_ask_whether_to_run_code(tmp_path, canary, cli, kind):
    folder = of_unknown_type(kind(tmp_path / "folder", canary))
    data = write_csv(tmp_path / "clips.csv", [(str(SAMPLE), "Speech")])
    cli("info", folder, message="contains custom code")
    cli("tag", SAMPLE, "--model", folder, message="contains custom code")
    cli("teach", "--model", folder, "--data", data, "--output", tmp_path / "t.csv", message="contains custom code")
    cli("evaluate", folder, "--data", data, message="'evil'")
    cli("convert", "--whisper", folder, "--output", tmp_path / "out", message="'evil'")
    cli("analyze", "peer", folder, "--data", data, message="contains custom code")


def test_attention_kernels_are_chosen_by_users_alone(tmp_path, canary):
    head, model = malicious_head(tmp_path / "head", canary), malicious_model(tmp_path / "model", canary)
    edit_json(model / "config.json", heads={"default": json.loads((head / "config.json").read_text())})
    whisper = malicious_whisper(tmp_path / "whisper", canary)
    for loaded in (
        load_head(head),
        WhisperATForConditionalGeneration.from_pretrained(model),
        WhisperATForConditionalGeneration.from_pretrained(model).get_head(),
        WhisperATForConditionalGeneration.from_whisper(whisper),
    ):
        assert loaded.config._attn_implementation == "sdpa"
    assert read_config(whisper)._attn_implementation is None
    chosen = WhisperATForConditionalGeneration.from_pretrained(model, attn_implementation="eager")
    assert chosen.config._attn_implementation == chosen.get_head().config._attn_implementation == "eager"


def test_planted_files_in_the_cache_of_models(tmp_path, canary, refuses, cli, monkeypatch):
    monkeypatch.setenv("WHISPER_AT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(default_model, "installed_weights", lambda: None)
    name = f"whisper-at-tiny.en-{default_model._fingerprint()}"
    planted = malicious_model(tmp_path / "cache" / name, canary)
    assert default_model.default_model_path() == planted
    cli("info")
    cli("tag", SAMPLE)
    cli("transcribe", SAMPLE, message="no complete Whisper-AT model")
    (tmp_path / "cache" / "original-heads").mkdir()
    write_pickle(tmp_path / "cache" / "original-heads" / "tiny.en_ori.pth", canary)
    refuses(load_head, "original:tiny.en", message="was refused")


@pytest.fixture
def features(tmp_path, five_clips, whisper_folder):
    """A finished feature cache's folder."""
    return extract_features(five_clips, whisper_folder, tmp_path / "features", window_length_s=1.2).folder


def test_planted_pickles_in_a_feature_cache(tmp_path, canary, refuses, features, five_clips, whisper_folder):
    shard = next(features.glob("*.bin"))
    for path in (features / "shard-9.journal", features / "shard-x.journal", features / "features.npy"):
        write_pickle(path, canary, "pickle")
    write_pickle(features.parent / "audio-hashes-9.jsonl", canary, "pickle")
    (features.parent / "audio-hashes-8.jsonl").write_text('[["unhashable"], 1, 2, "x"]\n{"a": 1}\n7\n')
    refuses(FeatureCache(features).lookup, five_clips)
    write_pickle(features / "payload", canary, "pickle")
    content = (features / "payload").read_bytes()
    shard.write_bytes(content.ljust(shard.stat().st_size, b"\0"))
    refuses(FeatureCache(features).batch, [0, 1])
    refuses(FeatureCache(features).verify, message="damaged")
    refuses(extract_features, five_clips, whisper_folder, features.parent, window_length_s=1.2, verify=True)
    refuses(FeatureCache(features).verify)


@pytest.fixture(scope="module")
def stopped_run(tmp_path_factory):
    """The flags of a run, and its folder with a checkpoint, as if it had been killed in its last moment."""
    folder = tmp_path_factory.mktemp("run")
    save_tiny_whisper(folder / "whisper")
    labels = list(PITCHES) * 4
    write_csv(folder / "clips.csv", list(zip(write_tones(folder, [[one] for one in labels]), labels, strict=True)))
    named = {"whisper": "whisper", "train": "clips.csv", "cache": "features"}
    flags = [part for name, path in named.items() for part in (f"--{name}", folder / path)]
    flags += ["--epochs", 2, "--batch-size", 6, "--window_length_s", 1.2, "--use_cpu", "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "remove_checkpoints", lambda folder: None)
        result = CliRunner().invoke(app, [str(part) for part in ("train", *flags, "--output", folder / "run")])
    assert result.exit_code == 0, result.output
    (folder / "run" / RESULTS_FILE).unlink()
    last = checkpoint_folders(folder / "run")[-1]
    shutil.rmtree(last)
    return flags, folder / "run"


@pytest.mark.long
@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("optimizer.pt", "was refused"),
        ("scheduler.pt", "was refused"),
        ("rng_state.pth", "was refused"),
        ("pytorch_model.bin", "was refused"),
        ("training_args.bin", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("kind", ["torch", "pickle"])
def test_checkpoints_of_a_run(tmp_path, canary, cli, stopped_run, file, message, kind):
    flags, stopped = stopped_run
    folder = shutil.copytree(stopped, tmp_path / "run")
    checkpoint = checkpoint_folders(folder)[-1]
    if file is not None:
        write_pickle(checkpoint / file, canary, kind)
    if file == "pytorch_model.bin":
        (checkpoint / "model.safetensors").unlink()
    cli("train", *flags, "--output", folder, "--resume", message=message)
    assert (folder / RESULTS_FILE).is_file() == (message is None)


@pytest.mark.parametrize(
    "text",
    [
        "output_dir: !!python/object/apply:os.mkdir [{canary}]",
        "train: !!python/object/new:os.mkdir [{canary}]",
        "whisper: !!python/name:os.system",
        "labels: !!python/module:antigravity",
    ],
)
def test_recipes(tmp_path, canary, refuses, cli, text):
    (tmp_path / "recipe.yaml").write_text(text.replace("{canary}", str(canary)))
    refuses(parse_arguments, [], config=tmp_path / "recipe.yaml", message=r"recipe\.yaml' cannot be read")
    cli("train", "--config", tmp_path / "recipe.yaml", "--output", tmp_path / "out", message="cannot be read")


def test_paths_in_tables(tmp_path, canary, refuses, cli):
    tricks = [
        f"$(touch {canary})",
        f"|touch {canary}",
        f"`touch {canary}`.wav",
        "http://localhost:9/a.wav",
        "/dev/zero",
    ]
    for trick in tricks:
        write_csv(tmp_path / "clips.csv", [(trick, "Speech")])
        refuses(load_data, tmp_path / "clips.csv", message="None of its 1 clip was found")
        write_csv(tmp_path / "clips.csv", [(trick, "Speech"), (str(SAMPLE), "Speech")])
        cli("extract", "--data", tmp_path / "clips.csv", "--cache", tmp_path / "cache", message="1 clip not found")
    # Files of other kinds may be named, but nothing of them gets out.
    secret = tmp_path / "secret.txt"
    secret.write_text("a password, long enough for a file" * 100)
    save_tiny_whisper(tmp_path / "whisper")
    data = load_data(write_csv(tmp_path / "clips.csv", [("../" * 30 + str(secret), "a"), (str(SAMPLE), "b")]))
    cache = extract_features(data, tmp_path / "whisper", tmp_path / "cache", window_length_s=1.2)
    assert len(cache) == 1 and "password" not in str(cache.failures)


@pytest.mark.long
def test_titles_and_names_of_models(tmp_path, canary, cli):
    title = f"</script><script>alert(1)</script> $\\write18{{touch {canary}}}$ $(touch {canary}) {{{{script}}}}"
    result = {"chunks": [{"timestamp": [0, 1], "text": title}], "audio_events": []}
    (tmp_path / "result.json").write_text(json.dumps(result))
    for suffix in ("html", "svg", "png"):
        output = tmp_path / f"plot.{suffix}"
        cli("plot", SAMPLE, "--result", tmp_path / "result.json", "--title", title, "--output", output)
        assert suffix == "png" or "<script>alert" not in output.read_text(encoding="utf-8")
    evil = f"a/b'); open('{canary}', 'w'); ('"
    space = write_space(tmp_path / "space", models=[evil])
    code = ast.parse((space / "app.py").read_text(encoding="utf-8"))
    assert evil in [node.value for node in ast.walk(code) if isinstance(node, ast.Constant)]
    assert "open" not in [node.id for node in ast.walk(code) if isinstance(node, ast.Name)]
