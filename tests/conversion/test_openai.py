import zipfile

import pytest
import torch
from conversion_checks import assert_same_config, logits
from foreign_formats import openai_checkpoint

from whisper_at_hf.conversion import load_whisper
from whisper_at_hf.conversion.processors import processor_from_tokenizer_json
from whisper_at_hf.errors import InputError


@pytest.fixture(scope="module")
def processor_folder(whisper, tokenizer_json, tmp_path_factory):
    folder = tmp_path_factory.mktemp("processor")
    processor_from_tokenizer_json(tokenizer_json, whisper.config).save_pretrained(folder)
    return folder


def test_model_is_the_same(openai_file, processor_folder, whisper):
    model, processor = load_whisper(openai_file, processor_folder)
    assert_same_config(model.config, whisper.config)
    assert torch.equal(logits(model), logits(whisper))
    assert processor.feature_extractor.feature_size == 16
    assert processor.tokenizer.pad_token_id == 50256


def test_generation_config_is_built_or_taken_from_the_processor(openai_file, processor_folder, tmp_path):
    model, processor = load_whisper(openai_file, processor_folder)
    assert model.generation_config.alignment_heads == [[layer, head] for layer in (1, 2) for head in range(6)]
    processor.save_pretrained(tmp_path)
    saved = model.generation_config
    saved.alignment_heads = [[2, 1]]
    saved.save_pretrained(tmp_path)
    assert load_whisper(openai_file, tmp_path)[0].generation_config.alignment_heads == [[2, 1]]
    # That of a deeper model times words by layers that this one does not have.
    saved.alignment_heads = [[2, 1], [3, 0]]
    saved.save_pretrained(tmp_path)
    assert [3, 0] not in load_whisper(openai_file, tmp_path)[0].generation_config.alignment_heads


def test_without_a_processor_the_error_says_what_to_pass(openai_file):
    with pytest.raises(InputError, match="no openai Whisper is 24 wide: pass --processor"):
        load_whisper(openai_file)


def test_pickle_that_would_run_code_is_refused(malicious_file):
    path, victim = malicious_file
    with pytest.raises(InputError, match=r"malicious\.pth was refused"):
        load_whisper(path)
    assert not victim.exists()


def test_the_malicious_pickle_really_runs_code(malicious_file):
    path, victim = malicious_file
    torch.load(path, weights_only=False)
    assert victim.is_dir()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"plain text", "was refused"),
        (b"", "is damaged or no PyTorch checkpoint"),
        (b"PK\x03\x04 cut off", "is damaged or no PyTorch checkpoint"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"model\.pt {message}"):
        load_whisper(path)


@pytest.mark.parametrize(
    ("content", "message"), [([1, 2], "holds a list"), ({"weight": torch.ones(2)}, "lacks dims or model_state_dict")]
)
def test_other_checkpoints_are_refused(tmp_path, content, message):
    torch.save(content, tmp_path / "model.pt")
    with pytest.raises(InputError, match=message):
        load_whisper(tmp_path / "model.pt")


def test_incomplete_and_overfull_models_are_named(tmp_path, whisper, processor_folder):
    checkpoint = openai_checkpoint(whisper)
    weight = checkpoint["model_state_dict"].pop("decoder.blocks.1.mlp.0.bias")
    torch.save(checkpoint, tmp_path / "model.pt")
    with pytest.raises(InputError, match=r"model\.pt lacks model\.decoder\.layers\.1\.fc1\.bias"):
        load_whisper(tmp_path / "model.pt", processor_folder)
    checkpoint["model_state_dict"] |= {"decoder.blocks.1.mlp.0.bias": weight, "decoder.adapter.weight": weight}
    torch.save(checkpoint, tmp_path / "model.pt")
    with pytest.raises(InputError, match=r"model\.pt holds model\.decoder\.adapter\.weight"):
        load_whisper(tmp_path / "model.pt", processor_folder)


@pytest.mark.parametrize(
    ("table", "name", "value", "message"),
    [
        ("dims", "n_text_head", 0, "has 0 attention heads for a width of 24"),
        ("dims", "n_text_head", 5, "has 5 attention heads"),
        ("dims", "n_audio_head", True, "has True attention heads"),
        ("dims", "n_audio_head", [4], "attention heads"),
        ("model_state_dict", "decoder.token_embedding.weight", 3, "which is no weight"),
        ("model_state_dict", "decoder.token_embedding.weight", torch.ones(24), r"of shape \(24,\)"),
        ("model_state_dict", "encoder.conv1.weight", torch.ones(24, 16, 0), "which is no weight"),
        ("model_state_dict", "encoder.ln_post.weight", torch.eye(4).to_sparse(), "which is no weight"),
        ("model_state_dict", "encoder.ln_post.weight", torch.ones(24, dtype=torch.complex64), "which is no weight"),
        ("model_state_dict", 1, torch.ones(2), "holds '1', which is no weight"),
    ],
)
def test_values_that_no_whisper_has_are_named(tmp_path, whisper, processor_folder, table, name, value, message):
    checkpoint = openai_checkpoint(whisper)
    checkpoint[table][name] = value
    torch.save(checkpoint, tmp_path / "model.pt")
    with pytest.raises(InputError, match=rf"model\.pt .*{message}"):
        load_whisper(tmp_path / "model.pt", processor_folder)


def test_a_few_bytes_that_pass_for_a_huge_weight_are_refused(tmp_path, whisper, processor_folder):
    checkpoint = openai_checkpoint(whisper)
    checkpoint["model_state_dict"]["encoder.ln_post.weight"] = torch.ones(1).half().expand(10**13)  # 40 TB in float32
    torch.save(checkpoint, tmp_path / "model.pt")
    with pytest.raises(InputError, match="which is no weight"):
        load_whisper(tmp_path / "model.pt", processor_folder)


def test_an_archive_that_unpacks_to_more_than_itself_is_refused(tmp_path):
    torch.save({"dims": {}, "model_state_dict": {"w": torch.zeros(10**6)}}, tmp_path / "model.pt")
    with zipfile.ZipFile(tmp_path / "model.pt") as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in records.items():
            archive.writestr(name, content)
    with pytest.raises(InputError, match=r"bomb\.pt unpacks to 4\d{6} bytes"):
        load_whisper(tmp_path / "bomb.pt")
