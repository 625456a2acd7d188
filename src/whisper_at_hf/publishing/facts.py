"""What the card of a model or head says, put together from the model itself and from what is known of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..cards import Publication, head_facts
from ..cards.card import HEAD, MODEL, TAGGER
from ..conversion.embedded_whisper import MODEL_SHA256
from ..model.modeling_tltr import TLTRForAudioClassification
from . import originals

EMBEDDED_WHISPER = "openai/whisper-tiny.en"
EMBEDDED_PROVENANCE = (
    "Whisper: converted from the CTranslate2 conversion that is published as "
    "[Systran/faster-whisper-tiny.en](https://huggingface.co/Systran/faster-whisper-tiny.en) "
    f"(`model.bin`, SHA-256 `{MODEL_SHA256}`); its weights are unchanged by the head."
)
ENGLISH_VOCABULARY = 51864


def kind_of(model: Any) -> str:
    """HEAD, MODEL, or TAGGER for a model without a decoder."""
    if isinstance(model, TLTRForAudioClassification):
        return HEAD
    return MODEL if model.can_generate() else TAGGER


def published_facts(
    model: Any,
    place: str,
    whisper: str | None = None,
    license: str | None = None,
    own_card: str | None = None,
    tags: Sequence[str] = (),
    provenance: Sequence[str] = (),
) -> tuple[dict[str, Any], Publication]:
    """Results and publication for `make_card`.

    Args:
        model: a head, a model, or a tags-only model.
        place: hub id, or what stands for the folder; its last part is the card's title.
        whisper: hub id or name of the Whisper in it, or of a head that it belongs to; where a head is one that the
            original published, the Whisper that it was made for is taken.
        license: its identifier; the original's for its heads.
        own_card, tags, provenance: see `Publication`.
    """
    kind = kind_of(model)
    heads = {"default": model} if kind == HEAD else dict(model.heads.items())
    chosen = "default" if kind == HEAD else model.config.default_head
    heads = {name: heads[name] for name in sorted(heads, key=lambda name: name != chosen)}
    first = heads.get(chosen)
    original = None if first is None else originals.original_name(first)
    shared = {
        "kind": kind,
        "place": place,
        "tags": tags,
        "heads": {name: head_facts(head.config) for name, head in heads.items()},
        "language": None if kind == HEAD else _language(model.config.vocab_size),
        "own_card": own_card,
    }
    if original is not None:
        # A distilled Whisper takes its teacher's head, but is not the teacher.
        if kind == HEAD or model.config.decoder_layers == model.config.encoder_layers:
            whisper = whisper or originals.base_model(original)
        return original_facts(original, whisper, first.config.provenance, license=license, **shared)
    results = {"name": Path(place).name, "whisper": whisper, **({} if first is None else head_facts(first.config))}
    lines = [*provenance, *(_converted(head) for head in heads.values() if head.config.provenance)]
    return results, _completed(Publication(license=license, provenance=lines, **shared), whisper)


def original_facts(
    name: str,
    whisper: str | None,
    provenance: Mapping[str, str] | None = None,
    license: str | None = None,
    **shared: Any,
) -> tuple[dict[str, Any], Publication]:
    """The same for a head that the original published, also where its weights are not at hand.

    Args:
        name: a key of `conversion.published.HEADS`.
        whisper, license: as of `published_facts`.
        provenance: of the converted head.
        shared: other attributes of `Publication`.
    """
    facts = head_facts(originals.original_config(name))
    publication = Publication(
        license=license or originals.LICENCE,
        published=originals.published_scores(name),
        trained_on=originals.DATA,
        limits=originals.LIMITS,
        provenance=[originals.head_provenance(name, provenance or {"file": originals.HEADS[name][1]})],
        notices=["whisper-at"],
        **{"heads": {"default": facts}, **shared},
    )
    return {"name": Path(publication.place).name, "whisper": whisper, **facts}, _completed(publication, whisper)


def _completed(publication: Publication, whisper: str | None) -> Publication:
    """With the lines on the Whisper, where it is OpenAI's, and on the code."""
    lines, notices = list(publication.provenance), list(publication.notices)
    if publication.kind != HEAD and (whisper or "").startswith("openai/"):
        lines.insert(0, originals.WHISPER_LICENCE)
        notices.insert(0, "whisper")
    return replace(publication, provenance=[*lines, originals.CODE_LICENCE], notices=notices)


def _language(vocabulary: int) -> str | None:
    if vocabulary > ENGLISH_VOCABULARY:
        return "multilingual"
    return "en" if vocabulary == ENGLISH_VOCABULARY else None


def _converted(head: TLTRForAudioClassification) -> str:
    line = originals.head_provenance(None, head.config.provenance)
    return line if originals.is_unchanged(head) else f"{line} It was trained further."
