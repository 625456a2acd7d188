"""Folders to upload: weights, configurations, processor, the code that loads them, and a card."""

import shutil
from os import PathLike
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard
from huggingface_hub.utils import HFValidationError, validate_repo_id
from transformers import AutoConfig, WhisperFeatureExtractor, WhisperProcessor

from ..cards import check_card, make_card, own_pictures
from ..cards.card import HEAD
from ..conversion.default_model import default_head_path, default_model_path
from ..conversion.processors import check_processor
from ..conversion.writer import check_apart, check_output, whole_folder
from ..errors import InputError, first_line
from ..files import write_atomically
from ..model.configuration_whisper_at import TLTRConfig, WhisperATConfig
from ..model.modeling_heads import load_saved_head
from ..pipeline.loading import AutoWhisperAT, unreachable_model
from .facts import EMBEDDED_PROVENANCE, EMBEDDED_WHISPER, kind_of, published_facts
from .remote_code import add_remote_code

CARD = "README.md"


def export_hub(
    output: str | PathLike,
    model: str | PathLike | None = None,
    repo_id: str | None = None,
    head: str | None = None,
    head_only: bool = False,
    head_card: str | PathLike | None = None,
    base_model: str | None = None,
    license: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a folder ready to upload, which loads with this package and, by `trust_remote_code=True`, without it.

    The folder appears whole or not at all.

    Args:
        output: the folder to make.
        model: folder or hub id of a model or of a head alone; None for the embedded default model.
        repo_id: "owner/name" that it is going to have on the hub, for the examples in the card.
        head: of a model, the head to export alone.
        head_only: export the default head alone.
        head_card: the card that the (default) head came with, or the folder where it lies as README.md: what it says
            of scores, labels, training and limits goes into the new card, with its pictures. Taken without asking for
            the embedded default model, and where `model` is the folder of a head.
        base_model: hub id of the Whisper, for the card.
        license: the licence's identifier on the hub; by default that of the head's own card, or the original's.
        overwrite: replace `output` if it is a model folder.

    Returns:
        `output`.

    Raises:
        InputError: something given is missing, broken or unusable, or `output` is in use.
    """
    output = Path(output)
    check_output(output, overwrite)
    check_apart(output, model)
    if repo_id is not None:
        check_repo_id(repo_id)
    if base_model is not None:
        check_repo_id(base_model, "--base-model")
    loaded, processor = _load(model)
    if kind_of(loaded) != HEAD and not loaded.config.heads:
        raise InputError(f"'{model}' has no tagging heads, and so nothing to say of them; use whisper-at convert.")
    if kind_of(loaded) != HEAD and (head is not None or head_only):
        loaded, processor = loaded.get_head(head), None
    elif head is not None:
        raise InputError(f"--head {head!r} names a head of a model, but {model} is a head alone; leave --head out.")
    known = {"whisper": base_model, "license": license}
    if model is None:
        known["whisper"] = base_model or EMBEDDED_WHISPER
        known["provenance"] = [EMBEDDED_PROVENANCE] if kind_of(loaded) != HEAD else []
        head_card = head_card or default_head_path()
    elif head_card is None and kind_of(loaded) == HEAD and Path(model, CARD).is_file():
        head_card = Path(model, CARD)
    with whole_folder(output, overwrite) as draft:
        write_publication(draft, loaded, repo_id or output.resolve().name, processor, head_card, **known)
    return output


def write_publication(
    folder: Path,
    model: Any,
    place: str,
    processor: WhisperProcessor | WhisperFeatureExtractor | None = None,
    head_card: str | PathLike | None = None,
    max_shard_size: int | str = "50GB",
    **known: Any,
) -> None:
    """Fill a folder with all that a repository on the hub needs.

    Args:
        folder: where it lies.
        model: a head, a model, or a model without a decoder.
        place: what the card's examples call it.
        processor: of a model.
        head_card: see `export_hub`.
        max_shard_size: as of `save_pretrained`.
        known: what else the card says, see `published_facts`.

    Raises:
        InputError: `head_card` is missing or broken, or the card would be refused by the hub.
    """
    own_card = None if head_card is None else _card_path(head_card)
    text = None if own_card is None else _read_card(own_card)
    card = make_card(*published_facts(model, place, own_card=text, **known))
    check_card(card)
    model.save_pretrained(folder, max_shard_size=max_shard_size)
    if processor is not None:
        processor.save_pretrained(folder)
    add_remote_code(folder, kind_of(model))
    for name in own_pictures(card):
        if (own_card.parent / name).is_file():
            shutil.copyfile(own_card.parent / name, folder / name)
    write_atomically(folder / CARD, card)


def check_repo_id(repo_id: str, option: str = "--repo-id") -> None:
    """Raise InputError unless that is "owner/name" as the hub takes it."""
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise InputError(f"{option} {repo_id!r} is no hub id; give one such as owner/whisper-at-base.en.") from error
    if "/" not in repo_id:
        raise InputError(f"{option} {repo_id!r} has no owner; give one such as owner/{repo_id}.")


def _load(model: str | PathLike | None) -> tuple[Any, Any]:
    path = str(default_model_path() if model is None else model)
    try:
        config = AutoConfig.from_pretrained(path, trust_remote_code=False)
        if isinstance(config, TLTRConfig):
            return load_saved_head(path), None
        if not isinstance(config, WhisperATConfig):
            raise InputError(f"'{path}' is a {config.model_type} model; make it a Whisper-AT with whisper-at convert.")
        loaded = AutoWhisperAT.from_pretrained(path, dtype="auto", trust_remote_code=False)
        return loaded, _processor(path, loaded)
    except InputError:
        raise
    except Exception as error:  # transformers refuses broken files by errors of every kind, also plain ones
        raise unreachable_model(path, error) from error


def _processor(path: str, model: Any) -> WhisperProcessor | WhisperFeatureExtractor:
    """The model's processor; without a decoder, the feature extractor will do."""
    try:
        processor = WhisperProcessor.from_pretrained(path, trust_remote_code=False)
        check_processor(processor, model.config, path)
        return processor
    except Exception:  # a broken or missing tokenizer raises plain ones
        if model.can_generate():
            raise
        return WhisperFeatureExtractor.from_pretrained(path, trust_remote_code=False)


def _card_path(given: str | PathLike) -> Path:
    path = Path(given)
    path = path / CARD if path.is_dir() else path
    if not path.is_file():
        raise InputError(f"--head-card '{given}' is neither a card nor a folder with one; give a README.md.")
    return path


def _read_card(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
        ModelCard(text)
        return text
    except Exception as error:  # of YAML, and of huggingface_hub's readers
        raise InputError(f"The card '{path}' has metadata that cannot be read ({first_line(error)}).") from error
