"""Train the tagging head that ships with the package, on frozen Whisper features of synthetic scenes.

    python scripts/train_default_head.py --whisper openai/whisper-tiny.en --data DATA --cache CACHE

DATA holds `esc10/` (path, label, fold), `speech/` (path, speaker) and `instruments/` (path, label), each with a
`labels.csv`. About half an hour on two CPU cores, most of it for encoding, which `--cache` keeps for the next run.
The head, its card and `benchmarks/default_head.json` are written. Needs numpy, scikit-learn and the package.
"""

import argparse
import copy
from pathlib import Path

import numpy as np
import torch
from default_head.features import Encoder, SceneStates, encoded_scenes
from default_head.material import LABELS, Material, load_material
from default_head.windows import Windows, WindowSampler, aligned_windows
from evaluate_default_head import DEFAULT_HEAD, RESULTS, evaluate_and_report
from sklearn.metrics import average_precision_score, f1_score

from whisper_at_hf import TLTRConfig, TLTRForAudioClassification

# part -> (scene length in seconds, scenes, seed)
SCENES = {"train": [(10, 1000, 1), (30, 700, 2)], "validation": [(10, 200, 3), (30, 140, 4)]}
WIDTHS = (64, 128)
STEPS, BATCH, PEAK_RATE = 800, 40, 1e-3
# Paper: mixup with rate 0.5 and Beta(10, 10). https://arxiv.org/abs/2307.03183
MIXUP_RATE, MIXUP_BETA = 0.5, 10.0
AVERAGE_DECAY = 0.99  # of the running average of the weights, which is what is kept
THRESHOLDS = np.linspace(0.3, 0.9, 31)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whisper", default="openai/whisper-tiny.en", help="folder or hub id of Whisper tiny.en")
    parser.add_argument("--data", type=Path, required=True, help="folder with esc10/, speech/ and instruments/")
    parser.add_argument("--cache", type=Path, required=True, help="folder for encoded scenes (about 300 MB)")
    parser.add_argument("--output", type=Path, default=DEFAULT_HEAD, help="folder for the head")
    parser.add_argument("--results", type=Path, default=RESULTS, help="JSON file for the scores")
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS, help="projection widths to choose from")
    args = parser.parse_args()

    encoder = Encoder(args.whisper)
    material = load_material(args.data)
    scenes = {part: encode_part(encoder, material[part], part, args.cache) for part in SCENES}
    validation = aligned_windows(scenes["validation"])
    trained = {
        width: train(scenes["train"], new_head(encoder, width, scenes["train"]), validation) for width in args.widths
    }
    precision = {width: mean_average_precision(head, validation) for width, head in trained.items()}
    width = max(precision, key=precision.get)
    print(f"validation mAP by width: {precision}; taking {width}", flush=True)

    thresholds = fit_thresholds(trained[width], validation)
    everything = scenes["train"] + scenes["validation"]
    # The thresholds need clips that the head has not heard, the head itself can use them all.
    head = train(everything, new_head(encoder, width, everything))
    head.config.thresholds = thresholds
    head.config.dropout = 0.0
    head.save_pretrained(args.output)
    training = {
        "projection_dim": width,
        "validation_mAP_by_width": {str(key): round(value, 4) for key, value in precision.items()},
        "steps": STEPS,
        "batch": BATCH,
        "peak_learning_rate": PEAK_RATE,
        "parameters": sum(weight.numel() for weight in head.parameters()),
    }
    held_out = args.cache / "held-out.safetensors"
    evaluate_and_report(encoder, material["test"], args.output, args.results, training, held_out)


def encode_part(encoder: Encoder, material: Material, part: str, cache: Path) -> list[SceneStates]:
    """All scenes of one part of the data, one group per scene length."""
    return [
        encoded_scenes(encoder, material, seconds, count, seed, cache / f"{part}-{seconds}s-{count}.npz")
        for seconds, count, seed in SCENES[part]
    ]


def new_head(encoder: Encoder, width: int, scenes: list[SceneStates]) -> TLTRForAudioClassification:
    """An untrained head that projects to `width` and scales its input to that of `scenes`."""
    torch.manual_seed(0)
    whisper = encoder.model.config
    head = TLTRForAudioClassification(
        TLTRConfig(
            encoder_layers=whisper.encoder_layers,
            d_model=whisper.d_model,
            projection_dim=width,
            id2label=dict(enumerate(LABELS)),
            dropout=0.1,
        )
    )
    # A few of Whisper's dimensions are a hundred times the others; starting from even ones, training is far faster.
    states = torch.from_numpy(scenes[0].states[:200]).float()
    normed = torch.nn.functional.layer_norm(states, states.shape[-1:]).flatten(0, 2)
    scale, center = normed.std(dim=0).clamp(min=1e-3), normed.mean(dim=0)
    with torch.no_grad():
        head.projection_norm.weight.copy_(1 / scale)
        head.projection_norm.bias.copy_(-center / scale)
    return head


def train(
    scenes: list[SceneStates], head: TLTRForAudioClassification, validation: Windows | None = None
) -> TLTRForAudioClassification:
    """Train `head` on random windows; returns the running average of its weights, in evaluation mode."""
    sampler = WindowSampler(scenes, seed=0)
    optimizer = torch.optim.Adam(head.parameters(), lr=PEAK_RATE, betas=(0.95, 0.999), weight_decay=5e-7)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=STEPS, pct_start=0.1)
    average = torch.optim.swa_utils.AveragedModel(
        head, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE_DECAY)
    )
    head.train()
    for step in range(1, STEPS + 1):
        windows = mixed_up(sampler.batch(BATCH))
        logits = head(windows.states).logits
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, windows.targets, windows.weights)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        average.update_parameters(head)
        if step % 200 == 0:
            score = "" if validation is None else f", mAP {mean_average_precision(average.module, validation):.4f}"
            print(f"width {head.config.width}, step {step}: loss {loss.item():.4f}{score}", flush=True)
    return copy.deepcopy(average.module).eval()


def mixed_up(windows: Windows) -> Windows:
    """Some of the time, every window mixed with another one of the batch, targets included."""
    if torch.rand(()) >= MIXUP_RATE:
        return windows
    share = float(torch.distributions.Beta(MIXUP_BETA, MIXUP_BETA).sample())
    order = torch.randperm(len(windows.states))
    return Windows(
        share * windows.states + (1 - share) * windows.states[order],
        share * windows.targets + (1 - share) * windows.targets[order],
        windows.weights * windows.weights[order],
    )


@torch.no_grad()
def window_scores(head: TLTRForAudioClassification, windows: Windows) -> np.ndarray:
    """Probabilities, `(windows, 12)`."""
    was_training = head.training
    head.eval()
    scores = torch.cat([head(part).logits for part in windows.states.split(64)]).sigmoid().numpy()
    head.train(was_training)
    return scores


def mean_average_precision(head: TLTRForAudioClassification, windows: Windows) -> float:
    """Macro mean over the labels, each on the windows that are certain about it."""
    scores = window_scores(head, windows)
    targets, certain = windows.targets.numpy(), windows.weights.numpy() > 0
    return float(
        np.mean(
            [
                average_precision_score(targets[certain[:, label], label], scores[certain[:, label], label])
                for label in range(len(LABELS))
            ]
        )
    )


def fit_thresholds(head: TLTRForAudioClassification, windows: Windows) -> dict[str, float]:
    """Per label the threshold of the best F1, averaged over neighbours since single maxima are chance."""
    scores = window_scores(head, windows)
    targets, certain = windows.targets.numpy(), windows.weights.numpy() > 0
    thresholds = {}
    for index, label in enumerate(LABELS):
        sure = certain[:, index]
        curve = [f1_score(targets[sure, index], scores[sure, index] >= limit) for limit in THRESHOLDS]
        smooth = np.convolve(np.pad(curve, 3, mode="edge"), np.ones(7) / 7, mode="valid")
        thresholds[label] = round(float(THRESHOLDS[smooth.argmax()]), 2)
    return thresholds


if __name__ == "__main__":
    main()
