"""Keep those labels of a calibrated broad head that passed the bars (`evaluate_broad_head.py`).

    python assets_source/choose_labels.py HEAD --evidence FILE.json --output CHOSEN

HEAD, and HEAD-0, HEAD-1 and HEAD-2 beside it, are cut down to CHOSEN and its three; FILE.json is what the evaluation
wrote of HEAD among all names.
"""

import argparse
import json
from pathlib import Path

from broad_head.calibration import restrict
from broad_head.sources import FOLDS

from whisper_at_hf import TLTRForAudioClassification


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("head", type=Path, metavar="HEAD")
    parser.add_argument("--evidence", type=Path, required=True, help="JSON file of evaluate_broad_head.py")
    parser.add_argument("--output", type=Path, required=True, help="folder for the smaller head")
    args = parser.parse_args()
    labels = json.loads(args.evidence.read_text())["models"]["head"]["labels_passed"]
    for suffix in ("", *(f"-{fold}" for fold in FOLDS)):
        head = TLTRForAudioClassification.from_pretrained(args.head.with_name(args.head.name + suffix))
        restrict(head, labels).save_pretrained(args.output.with_name(args.output.name + suffix))
    print(f"{len(labels)} labels in {args.output}: {'; '.join(labels)}")


if __name__ == "__main__":
    main()
