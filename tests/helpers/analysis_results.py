"""Small results of `analyze layers` and `analyze robustness`, as their folders hold them."""

import json

LABELS = ["dog_bark", "rain", "rooster", "sea_waves"]
F1 = {"dog_bark": 0.9, "rain": 0.6, "rooster": 0.8, "sea_waves": 0.7}
# Wrong words of 10 at -10 dB over each class, of each of two utterances.
WRONG = {"dog_bark": (2, 2), "rain": (8, 8), "rooster": (2, 4), "sea_waves": (5, 6)}


def write_robustness(folder, names=("tiny", "base")):
    """Two utterances of 10 words, one wrong of each; at 10 dB the classes cost nothing, at -10 dB as in WRONG."""
    rows = [[utterance, None, None, 1] for utterance in range(2)]
    for snr in (10.0, -10.0):
        for sound, label in enumerate(LABELS):
            rows += [[utterance, sound, snr, 1 if snr > 0 else WRONG[label][utterance]] for utterance in range(2)]
    results = {
        "settings": {"snrs": [10.0, -10.0], "sounds_per_class": 1},
        "utterances": [{"name": f"u{index}", "speaker": "", "words": 10} for index in range(2)],
        "sounds": [{"name": label, "label": label} for label in LABELS],
        "models": [{"name": name, "transcriptions": rows} for name in names],
    }
    folder.mkdir()
    (folder / "robustness.json").write_text(json.dumps(results))
    return folder


def write_layers(folder, names=("tiny", "base"), labels=tuple(LABELS)):
    """Two layers; the last one has the F1 above, the first one the half of it."""
    classes = [{"label": label, "clips": 40, "f1_by_layer": [F1[label] / 2, F1[label]]} for label in labels]
    folder.mkdir()
    models = [{"name": name, "layers": 2, "classes": classes} for name in names]
    (folder / "layers.json").write_text(json.dumps({"models": models}))
    return folder
