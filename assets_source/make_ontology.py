"""Make the ontology that ships with the package from AudioSet's own: its names, and which lies below which.

    python assets_source/make_ontology.py ontology.json

`ontology.json` is that of https://github.com/audioset/ontology (Google, CC BY-SA 4.0, as is what is made of it). Nodes
that are among the 527 labels get the name of the list of labels. They keep the order of the file.
"""

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path

from whisper_at_hf.files import whole_or_nothing
from whisper_at_hf.labels import audioset_labels, audioset_mids
from whisper_at_hf.labels.ontology import PARENT_SEPARATOR

DEFAULT_OUTPUT = Path(__file__).resolve().parents[1] / "src" / "whisper_at_hf" / "labels" / "ontology.csv"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ontology", type=Path, metavar="ontology.json")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT)
    args = parser.parse_args()
    rows = ontology_rows(json.loads(args.ontology.read_text(encoding="utf-8")))
    with whole_or_nothing(args.output) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("mid", "name", "parents"))
        writer.writerows(rows)
    print(f"{args.output}: {len(rows)} names")


def ontology_rows(nodes: list[dict]) -> list[tuple[str, str, str]]:
    """`(mid, name, names of the parents)` of every node."""
    labels = dict(zip(audioset_mids(), audioset_labels(), strict=True))
    names = {node["id"]: labels.get(node["id"], node["name"]) for node in nodes}
    above = defaultdict(list)
    for node in nodes:
        for child in node["child_ids"]:
            above[child].append(names[node["id"]])
    return [(mid, name, PARENT_SEPARATOR.join(above[mid])) for mid, name in names.items()]


if __name__ == "__main__":
    main()
