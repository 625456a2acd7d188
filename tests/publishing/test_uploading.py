"""`push_to_hub` uploads what `export_hub` writes; the hub's client is a fake that records."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi
from tiny import MELS, tiny_model
from transformers import WhisperFeatureExtractor

from whisper_at_hf import WhisperATForAudioClassification, WhisperATPipeline
from whisper_at_hf.publishing import upload

MODEL_FILES = {"README.md", "config.json", "generation_config.json", "model.safetensors", "modeling_whisper_at.py"}


class FakeHub:
    """Takes the place of `HfApi`'s methods: what was asked, and the files that were uploaded."""

    def __init__(self, files: tuple[str, ...] = ()):
        self.files = {name: "as it was" for name in files}
        self.calls = []

    def create_repo(self, api, repo_id, private=None, exist_ok=False):
        assert exist_ok
        self.calls.append(("create_repo", private, api.token))
        return SimpleNamespace(repo_id=repo_id if "/" in repo_id else f"me/{repo_id}")

    def file_exists(self, api, repo_id, filename):
        return filename in self.files

    def create_branch(self, api, repo_id, branch, exist_ok=False):
        self.calls.append(("create_branch", branch))

    def upload_folder(self, api, *, repo_id, folder_path, **commit):
        self.calls.append(("upload_folder", repo_id, commit))
        for path in Path(folder_path).iterdir():
            self.files[path.name] = "weights" if path.suffix == ".safetensors" else path.read_text(encoding="utf-8")
        return SimpleNamespace(commit_url=f"https://huggingface.co/{repo_id}/commit/1")


@pytest.fixture
def hub(monkeypatch):
    """An empty hub; with names, a repository that holds such files."""

    def start(*files):
        fake = FakeHub(files)
        for name in ("create_repo", "file_exists", "create_branch", "upload_folder"):
            method = getattr(fake, name)
            monkeypatch.setattr(HfApi, name, lambda self, *args, method=method, **kw: method(self, *args, **kw))
        return fake

    return start


def test_a_model_goes_with_its_code_and_card(hub):
    fake = hub()
    commit = tiny_model().push_to_hub("model", private=True, token="hf_secret", tags=["mine"], license="mit")
    assert commit.commit_url == "https://huggingface.co/me/model/commit/1"
    assert fake.calls[0] == ("create_repo", True, "hf_secret")
    assert fake.files.keys() >= MODEL_FILES and "hf_secret" not in "".join(fake.files.values())
    assert '"auto_map"' in fake.files["config.json"]
    card = fake.files["README.md"]
    assert 'model="me/model"' in card and "license: mit" in card and "- mine" in card


def test_a_head_goes_alone(hub):
    fake = hub()
    tiny_model().get_head().push_to_hub("me/head")
    assert "modeling_tltr.py" in fake.files and "generation_config.json" not in fake.files
    assert "# head" in fake.files["README.md"]


def test_a_processor_goes_along(hub):
    fake = hub()
    extractor = WhisperFeatureExtractor(feature_size=MELS)
    tiny_model(WhisperATForAudioClassification).push_to_hub("me/tagger", processor=extractor)
    assert "preprocessor_config.json" in fake.files
    assert WhisperATPipeline.push_to_hub is WhisperATForAudioClassification.push_to_hub


@pytest.mark.real
def test_a_pipeline_goes_with_its_processor(hub, pipe):
    fake = hub()
    pipe.push_to_hub("me/tiny")
    assert fake.files.keys() >= {*MODEL_FILES, "tokenizer.json", "processor_config.json"}


def test_a_card_that_is_there_stays(hub):
    fake = hub("README.md")
    tiny_model().push_to_hub("me/model")
    assert fake.files["README.md"] == "as it was" and "config.json" in fake.files


def test_words_of_the_commit(hub):
    fake = hub()
    words = {"commit_message": "First", "commit_description": "Why", "revision": "next", "create_pr": True}
    tiny_model().push_to_hub("me/model", **words)
    assert ("create_branch", "next") in fake.calls
    assert fake.calls[-1] == ("upload_folder", "me/model", words)


def test_a_folder_is_uploaded_as_it_is(hub, tmp_path):
    fake = hub("README.md")
    (tmp_path / "README.md").write_text("new")
    upload(tmp_path, "me/model", private=True)
    assert fake.files["README.md"] == "new" and fake.calls[0][1] is True
