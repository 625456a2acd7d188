"""Write the cards in this folder: one for each head that the original Whisper-AT published, and the default model's.

    python hub_cards/generate.py            # writes them
    python hub_cards/generate.py --check    # says which are not as they would be written, and ends with 1 if any

Published scores are those of `whisper_at_hf.analysis.published`; measured ones come from the JSON files of
`docs/analysis` and, of the default model, from its head's card. No weights are read.
"""

import argparse
import json
import sys
from pathlib import Path

import torch

from whisper_at_hf import WhisperATConfig, WhisperATForConditionalGeneration
from whisper_at_hf.cards import make_card
from whisper_at_hf.conversion.default_model import default_head_path
from whisper_at_hf.conversion.published import HEADS
from whisper_at_hf.model.modeling_heads import saved_head_config
from whisper_at_hf.publishing import originals
from whisper_at_hf.publishing.facts import (
    EMBEDDED_PROVENANCE,
    EMBEDDED_WHISPER,
    ENGLISH_VOCABULARY,
    original_facts,
    published_facts,
)

FOLDER = Path(__file__).parent
ANALYSIS = FOLDER.parent / "docs" / "analysis"
DEFAULT = "whisper-at-tiny.en-96-sounds"


def cards() -> dict[str, str]:
    """The text of every card by the name of its model."""
    made = {DEFAULT: default_card()}
    for name in HEADS:
        size, kind = originals.split_name(name)
        place = f"whisper-at-{size}" + ("-tltr-512" if kind == "TLTR-512" else "")
        shared = {
            "kind": "model",
            "place": place,
            "language": "en" if size.endswith(".en") else "multilingual",
            "measured": measured_scores(size),
        }
        made[place] = make_card(*original_facts(name, originals.base_model(name), **shared))
    return made


def default_card() -> str:
    """What `whisper-at export-hub` writes of the embedded default model."""
    heads = {"default": saved_head_config(default_head_path())}
    with torch.device("meta"):
        model = WhisperATForConditionalGeneration(WhisperATConfig(vocab_size=ENGLISH_VOCABULARY, heads=heads))
    own = (default_head_path() / "README.md").read_text(encoding="utf-8")
    known = {"whisper": EMBEDDED_WHISPER, "own_card": own, "provenance": [EMBEDDED_PROVENANCE]}
    return make_card(*published_facts(model, DEFAULT, **known))


def measured_scores(size: str) -> list[list[str]]:
    """What `docs/analysis` holds of a Whisper of that size: rows of score, data, value, where it stands."""
    layers = json.loads((ANALYSIS / "layers" / "layers.json").read_text(encoding="utf-8"))
    robustness = json.loads((ANALYSIS / "robustness" / "robustness.json").read_text(encoding="utf-8"))
    rows = []
    for model in [model for model in layers["models"] if model["name"] == size]:
        best = model["best_layer"]
        rows.append(
            [
                f"accuracy of a linear probe on layer {best}, the best one, %",
                f"ESC-10, {layers['data']['clips']} clips, {len(layers['data']['folds'])} folds",
                f"{100 * model['probes'][f'layer {best}']['mean']:.1f}",
                "docs/analysis/layers/layers.json",
            ]
        )
    for model in [model for model in robustness["models"] if model["name"] == size]:
        for point in [point for point in model["points"] if point["snr"] in (None, 0.0)]:
            over = "alone" if point["snr"] is None else "over sounds at 0 dB"
            rows.append(
                [
                    "word error rate, %",
                    f"{len(robustness['utterances'])} utterances of read speech, {over}",
                    f"{100 * point['wer']:.1f}",
                    "docs/analysis/robustness/robustness.json",
                ]
            )
    return rows


def outdated() -> list[str]:
    """Names of the cards in this folder that are not as they would be written, or should not be there."""
    made = {f"{name}.md": text for name, text in cards().items()}
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("whisper-at-*.md")}
    return sorted(name for name in made.keys() | found.keys() if made.get(name) != found.get(name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    if parser.parse_args().check:
        if names := outdated():
            sys.exit(f"Not as generated: {', '.join(names)}; run python hub_cards/generate.py.")
        return
    for path in FOLDER.glob("whisper-at-*.md"):
        path.unlink()
    for name, text in cards().items():
        (FOLDER / f"{name}.md").write_text(text, encoding="utf-8")
        print(f"hub_cards/{name}.md")


if __name__ == "__main__":
    main()
