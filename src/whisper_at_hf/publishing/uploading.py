"""Uploads to the hub, through huggingface_hub."""

import tempfile
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from huggingface_hub import CommitInfo, HfApi
from transformers import WhisperProcessor

from .exporting import CARD, write_publication


def push_to_hub(
    self: Any,
    repo_id: str,
    *,
    commit_message: str | None = None,
    commit_description: str | None = None,
    private: bool | None = None,
    token: bool | str | None = None,
    revision: str | None = None,
    create_pr: bool = False,
    max_shard_size: int | str = "50GB",
    tags: Sequence[str] | None = None,
    processor: WhisperProcessor | None = None,
    head_card: str | PathLike | None = None,
    base_model: str | None = None,
    license: str | None = None,
) -> CommitInfo:
    """Upload a model, a head or a pipeline, as in transformers, but with a full card and the code that loads it.

    It is what `export_hub` writes; so it loads with this package and, by `trust_remote_code=True`, without it. A card
    that the repository has already stays as it is. The method `push_to_hub` of our classes is this function.

    Args:
        self: a model or head, which is uploaded with `processor` if one is given; or a `WhisperATPipeline`.
        repo_id: "owner/name", or a name of the user's own; the repository is made if there is none.
        commit_message, commit_description, private, token, revision, create_pr, max_shard_size, tags: as in
            transformers.
        processor: to upload along.
        head_card, base_model, license: for the card, see `export_hub`.

    Returns:
        What huggingface_hub says of the commit.

    Raises:
        InputError: the card cannot be made. The hub's own errors pass as they are.
    """
    if hasattr(self, "feature_extractor"):  # a pipeline
        self, processor = self.model, processor or WhisperProcessor(self.feature_extractor, self.tokenizer)
    api = HfApi(token=token)
    repo_id = api.create_repo(repo_id, private=private, exist_ok=True).repo_id
    with tempfile.TemporaryDirectory() as folder:
        known = {"whisper": base_model, "license": license, "tags": tags or ()}
        write_publication(Path(folder), self, repo_id, processor, head_card, max_shard_size, **known)
        if api.file_exists(repo_id, CARD):
            Path(folder, CARD).unlink()
        if revision is not None and not revision.startswith("refs/pr"):
            api.create_branch(repo_id, branch=revision, exist_ok=True)
        return api.upload_folder(
            repo_id=repo_id,
            folder_path=folder,
            commit_message=commit_message or f"Upload {type(self).__name__}",
            commit_description=commit_description,
            revision=revision,
            create_pr=create_pr,
        )


def upload(folder: str | PathLike, repo_id: str, private: bool | None = None) -> CommitInfo:
    """Upload a folder that `export_hub` has written, its card too, into a repository that is made if there is none."""
    api = HfApi()
    repo_id = api.create_repo(repo_id, private=private, exist_ok=True).repo_id
    return api.upload_folder(repo_id=repo_id, folder_path=folder, commit_message="Upload with whisper-at export-hub")
