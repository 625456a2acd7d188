"""Put a broad head into the package, with its card, the list of what it learnt from, and the credits in NOTICE.

    python assets_source/ship_broad_head.py CHOSEN --data DATA --run RUNS/all

Reads the scores of CHOSEN from `benchmarks/broad_head.json` and `benchmarks/twelve_sounds.json`, and beside them those
of the first head (`benchmarks/twelve_sounds_first.json`).
"""

import argparse
import csv
import json
from pathlib import Path

from broad_head.card import card, credits
from broad_head.sources import read_sources, write_manifest
from evaluate_broad_head import LEAST_AP, LEAST_CLIPS, LEAST_HITS
from evaluate_twelve_sounds import DEFAULT_HEAD, ROOT

from whisper_at_hf import TLTRForAudioClassification

MANIFEST = Path(__file__).parent / "broad_head" / "manifest.csv"
CREDITS = "\n\nSounds under Creative Commons Attribution licences (CC BY) that it was trained on, by author:\n\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("head", type=Path, metavar="CHOSEN")
    parser.add_argument("--data", type=Path, required=True, help="as of render_broad_scenes.py")
    parser.add_argument("--run", type=Path, required=True, help="the run of whisper-at train that learnt from all")
    args = parser.parse_args()
    head = TLTRForAudioClassification.from_pretrained(args.head)
    head.config.input_padding = "context"
    head.save_pretrained(DEFAULT_HEAD)
    write_manifest(read_sources(args.data), MANIFEST)
    with MANIFEST.open(newline="", encoding="utf-8") as file:
        manifest = list(csv.DictReader(file))
    used = [row for row in manifest if row["part"] != "test"]
    arguments = json.loads((args.run / "results.json").read_text())["training_arguments"]
    facts = {
        "sources": len(used),
        "rendered": sum(row["path"].startswith("rendered/") for row in used),
        "sounds": sum(row["path"].startswith("sounds/") for row in used),
        "epochs": arguments["num_train_epochs"],
        "batch": arguments["per_device_train_batch_size"],
        "rate": arguments["learning_rate"],
        "least_clips": LEAST_CLIPS,
        "least_ap": LEAST_AP,
        "least_hits": LEAST_HITS,
    }
    facts.update(larger_whisper())
    names = ("broad_head", "twelve_sounds", "twelve_sounds_first")
    evidence, twelve, first = (json.loads((ROOT / "benchmarks" / f"{name}.json").read_text()) for name in names)
    (DEFAULT_HEAD / "README.md").write_text(card(evidence, twelve, first, facts, head), encoding="utf-8")
    notice = ROOT / "NOTICE"
    text = notice.read_text(encoding="utf-8").split(CREDITS.strip("\n").split("\n")[0])[0].rstrip("\n")
    notice.write_text(text + CREDITS + credits(manifest) + "\n", encoding="utf-8")


def larger_whisper() -> dict[str, str]:
    """What the card says of the small recipe on tiny.en and on base."""
    small = {
        name: json.loads((ROOT / "benchmarks" / f"broad_head_small_{size}.json").read_text())["models"]["head"]
        for name, size in (("small_tiny", "tiny.en"), ("small_base", "base"))
    }
    facts = {"small_tested": str(small["small_tiny"]["labels_tested"])}
    for name, found in small.items():
        facts |= {name: f"{100 * found['map']:.1f} %", f"{name}_top1": f"{100 * found['top1']:.1f} %"}
    return facts


if __name__ == "__main__":
    main()
