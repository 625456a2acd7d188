"""The model card of a head, a model or a tags-only model, filled from what is known of it.

The text stands in `template.md`; here are the facts that it is filled with.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import jinja2
import torch
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from ..files import write_atomically
from ..model.configuration_whisper_at import TLTRConfig
from ..model.modeling_tltr import TLTRForAudioClassification
from ..model.tagging import DEFAULT_THRESHOLD
from .markdown import escaped, sections, table
from .naming import argument, is_hub_id, linked, public_name
from .scores import cross_validation_table, eval_results, label_scores_table, scores_table

TEMPLATE = Path(__file__).with_name("template.md")
PICTURES = {
    "curves.png": "Curves",
    "confusion_matrix.png": "Confusion matrix",
    "label_scores.png": "Average precision by label",
}
HEAD, MODEL, TAGGER = "head", "model", "tagger"
_LIBRARIES = {HEAD: "whisper-at-hf", MODEL: "transformers", TAGGER: "transformers"}
_TASKS = {
    HEAD: "audio-classification",
    MODEL: "automatic-speech-recognition",
    TAGGER: "audio-classification",
}
# So many labels without counts and thresholds are listed, not tabled.
_LONG = 40
# Sections of a head's own card that a new card words anew.
_RENEWED = ("Use", "Published scores", "Provenance and licences", "Citation")


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What a card says beside the results of a training.

    Attributes:
        kind: HEAD, MODEL or TAGGER (a model without a decoder).
        place: what `from_pretrained` is told: a hub id, or what stands for the folder.
        license: the licence's identifier on the hub, such as "cc-by-4.0"; None says nothing about it.
        language: its code, or "multilingual".
        tags: more tags for the metadata.
        heads: of a model, the facts of each head (`head_facts`) by name, the default one first.
        published: scores that others published, each with its source.
        measured: what we measured of the Whisper: rows of score, data, value, where it stands.
        trained_on: a sentence on the data, where `results` has none.
        limits: sentences.
        provenance: sentences, in Markdown: what was made of what, under which licence.
        notices: licences whose text must go along, of "whisper" and "whisper-at".
        own_card: text of the card that the (default) head came with; its sections take the place of those on scores,
            labels, training and limits, its metadata stay.
    """

    kind: str = HEAD
    place: str = "path/to/this/folder"
    license: str | None = None
    language: str | None = None
    tags: Sequence[str] = ()
    heads: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    published: Sequence[EvalResult] = ()
    measured: Sequence[Sequence[Any]] = ()
    trained_on: str | None = None
    limits: Sequence[str] = ()
    provenance: Sequence[str] = ()
    notices: Sequence[str] = ()
    own_card: str | None = None


def write_model_card(folder: str | PathLike, results: Mapping[str, Any], license: str | None = None) -> Path:
    """Write `README.md` into the folder of a trained head.

    Args:
        folder: the head's folder; pictures that it holds (`curves.png`, `confusion_matrix.png`,
            `label_scores.png`) are shown, and its name is the card's title where `results` have none.
        results, license: see `make_card` and `Publication`.

    Raises:
        InputError: the card cannot be written.
    """
    folder = Path(folder)
    pictures = {name: title for name, title in PICTURES.items() if (folder / name).is_file()}
    named = {**results, "name": results.get("name") or folder.resolve().name}
    card = make_card(named, Publication(license=license), pictures)
    path = folder / "README.md"
    write_atomically(path, card)
    return path


def make_card(results: Mapping[str, Any], publication: Publication, pictures: Mapping[str, str] | None = None) -> str:
    """The text of a card.

    Args:
        results: what was measured. Only `labels` and `name`, the title, are needed; what is missing is left out:

            - `whisper` (hub id or folder), `encoder_sha256`, `labels`, `problem_type`;
            - `head`: `aggregation`, `projection_dim`, `projection_per_layer`, `window_length_s`,
              `input_padding`, `parameters`;
            - `data`: per split (`train`, `validation`, `test`) `source`, `clips`, `clips_per_label`;
            - `training_arguments`, `train_runtime_s` (seconds), `versions`;
            - `validation`, `test`: the metrics of `whisper_at_hf.metrics.tagging_metrics`;
            - `label_table` and `label_table_split`, `thresholds`;
            - `cross_validation`: `folds` (metrics; the fold's name as `fold`, and `seed`), `mean`, `std`.

            Of paths, only the last part is shown.
        publication: what else is known.
        pictures: titles by the names of files that lie beside the card.
    """
    # A caller's None stands for "not measured", as a missing key does.
    known = {key: value for key, value in results.items() if value is not None}
    own = ModelCard(publication.own_card) if publication.own_card else None
    heads = publication.heads or {"default": known}
    whisper = known.get("whisper")
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    environment.filters |= {"table": table, "escaped": escaped}
    text = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        metadata=_metadata(known, publication, own).to_yaml(line_break="\n"),
        kind=publication.kind,
        title=known["name"],
        whisper=linked(whisper) if whisper else "Whisper",
        whisper_place=_whisper_place(whisper),
        head_count="a tagging head" if len(heads) == 1 else f"{len(heads)} tagging heads",
        heads=[_head(name, facts) for name, facts in heads.items()],
        encoder_sha256=known.get("encoder_sha256"),
        place=publication.place,
        published=publication.published,
        measured=publication.measured,
        own=_own_sections(own),
        scores=scores_table(known),
        tested="test" in known,
        cross_validation=cross_validation_table(known),
        label_scores=label_scores_table(known),
        label_table_split=known.get("label_table_split"),
        pictures=pictures or {},
        default_threshold=DEFAULT_THRESHOLD,
        trained_on=publication.trained_on,
        data_rows=[[split, public_name(data.get("source")), data.get("clips")] for split, data in _data(known)],
        arguments=[[f"`{name}`", argument(value)] for name, value in known.get("training_arguments", {}).items()],
        runtime=f"{known['train_runtime_s']:.0f}" if "train_runtime_s" in known else None,
        versions=", ".join(f"{name} {value}" for name, value in known.get("versions", {}).items()),
        limits=[*publication.limits, *_limits(known)],
        provenance=publication.provenance,
        notices=publication.notices,
    )
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def head_facts(config: TLTRConfig) -> dict[str, Any]:
    """What the configuration of a head tells for a card, as in the results of a training."""
    with torch.device("meta"):
        parameters = sum(parameter.numel() for parameter in TLTRForAudioClassification(config).parameters())
    names = ("aggregation", "projection_dim", "projection_per_layer", "window_length_s", "input_padding")
    return {
        "labels": config.labels,
        "problem_type": config.problem_type,
        "head": {**{name: getattr(config, name) for name in names}, "parameters": parameters},
        "thresholds": config.thresholds,
    }


def own_pictures(card: str) -> list[str]:
    """The files beside a card that it shows."""
    return [name for name in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", card) if not re.match(r"\w+:|.*[/\\]", name)]


def _metadata(results: Mapping[str, Any], publication: Publication, own: ModelCard | None) -> ModelCardData:
    kind, whisper = publication.kind, results.get("whisper")
    taken = own.data if own else ModelCardData()
    scored = [*publication.published, *eval_results(results), *(taken.eval_results or [])]
    tags = ["whisper-at", "audio-classification", "tltr"]
    return ModelCardData(
        model_name=results["name"] if scored else None,
        license=publication.license or taken.license,
        language=publication.language or taken.language,
        library_name=_LIBRARIES[kind],
        pipeline_tag=_TASKS[kind],
        base_model=whisper if whisper and is_hub_id(whisper) else taken.base_model,
        tags=list(dict.fromkeys([*tags, *publication.tags])),
        metrics=list(dict.fromkeys([result.metric_type for result in scored] or taken.metrics or [])) or None,
        eval_results=scored or None,
    )


def _own_sections(own: ModelCard | None) -> list[str]:
    return [text for title, text in sections(own.text).items() if title not in _RENEWED] if own else []


def _whisper_place(whisper: str | None) -> str:
    whisper = whisper or "path/to/whisper"
    return whisper if is_hub_id(whisper) else f"path/to/{public_name(whisper)}"


def _head(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the template says of one head."""
    shape = facts.get("head") or {}
    single = facts.get("problem_type") == "single_label_classification"
    said = [f"{len(facts['labels'])} labels, {'one' if single else 'any number'} of them at a time"]
    if shape.get("aggregation"):
        said.append(f"aggregation `{shape['aggregation']}`")
    if shape.get("projection_dim"):
        each = ", each layer by itself" if shape.get("projection_per_layer") else ""
        said.append(f"projected to {shape['projection_dim']} dimensions{each}")
    if shape.get("parameters"):
        said.append(f"{shape['parameters']:,} parameters")
    window = None
    if shape.get("window_length_s"):
        padding = {
            "trim": ", encoded as it is",
            "pad": ", encoded with silence up to 30 s",
            "context": ", encoded with the sound around it",
        }
        window = f"{shape['window_length_s']:g} s{padding.get(shape.get('input_padding'), '')}"
    return {"name": name, "facts": "; ".join(said), "window": window, "single": single, **_labels(facts, single)}


def _labels(facts: Mapping[str, Any], single: bool) -> dict[str, Any]:
    splits = {split: data["clips_per_label"] for split, data in _data(facts) if data.get("clips_per_label")}
    fitted = facts.get("thresholds") or {}
    if len(facts["labels"]) > _LONG and not splits and not fitted:
        return {"plain_labels": facts["labels"]}
    columns = ["label", *(f"{split} clips" for split in splits)]
    rows = [[label, *(counts.get(label, 0) for counts in splits.values())] for label in facts["labels"]]
    if not single:
        columns.append("threshold")
        rows = [[*row, fitted.get(label)] for row, label in zip(rows, facts["labels"], strict=True)]
    return {"plain_labels": None, "label_rows": rows, "label_columns": columns}


def _limits(results: Mapping[str, Any]) -> list[str]:
    limits = [
        "The scores hold for recordings like those above; try it on yours before relying on it.",
        "A sound that is none of the labels may get the most similar one.",
    ]
    if results.get("problem_type") == "single_label_classification":
        limits.append("Every window gets one of the labels, silence included.")
    window = (results.get("head") or {}).get("window_length_s")
    if window:
        limits.append(f"It was trained on windows of {window:g} s; others (`at_time_res`) work less well.")
    unseen = [row["label"] for row in results.get("label_table") or [] if not row.get("positives")]
    if unseen:
        limits.append(f"Not measured, for want of examples: {', '.join(map(escaped, unseen))}.")
    return limits


def _data(results: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(split, data) for split, data in (results.get("data") or {}).items() if data]
