"""Word error rates against signal-to-noise ratio, as a table and as a figure."""

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...figures import clean_axes, new_figure, save_for_print, style
from ..tables import markdown_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Percent. A recogniser that makes words up goes beyond; a figure that follows it shows little of the others.
HIGHEST_SHOWN = 100.0
# dB from the highest ratio to the place where the speech alone is drawn, in units of the ratios' mean distance.
_GAP = 1.0
# In the same units, how far models stand apart there.
_ASIDE = 0.12


def robustness_table(results: dict[str, Any]) -> str:
    """`robustness_rows` in Markdown, with the figure and the caption."""
    figure = "![Word error rate against signal-to-noise ratio](robustness.png)"
    table = markdown_table(robustness_rows(results))
    return f"# What noise does to words\n\n{figure}\n\n{table}\n{robustness_caption(results)}\n"


def robustness_rows(results: dict[str, Any], with_bands: bool = True) -> list[tuple[str, ...]]:
    """A header, and a row for each model: word error rates in percent."""
    rows = [("WER, %", "clean", *(f"{signed(snr, 'g')} dB" for snr in results["settings"]["snrs"]))]
    for model in results["models"]:
        cells = []
        for point in model["points"]:
            band = f" ({100 * point['low']:.1f}–{100 * point['high']:.1f})" if with_bands else ""
            cells.append(f"{100 * point['wer']:.1f}{band}")
        rows.append((model["name"], *cells))
    return rows


def robustness_caption(results: dict[str, Any]) -> str:
    """What the numbers are."""
    utterances, sounds = results["utterances"], results["sounds"]
    speakers = {utterance["speaker"] for utterance in utterances} - {""}
    of_speakers = f" of {len(speakers)} speakers" if speakers else ""
    words = sum(utterance["words"] for utterance in utterances)
    each = results["settings"]["sounds_per_class"]
    classes = {sound["label"] for sound in sounds}
    caption = (
        f"Word error rate of {len(utterances)} utterances{of_speakers} ({words} words), alone (clean) and over "
        f"{len(sounds)} sounds, {each} of each of {len(classes)} classes an utterance, at each signal-to-noise ratio "
        "(of mean powers). Bands: 95 % bootstrap over utterances. Both sides normalised by Whisper's English "
        "normaliser without its table of British spellings, which count as errors here, clean and noisy alike."
    )
    worst = [max(model["points"], key=lambda point: point["runaways"]) for model in results["models"]]
    if any(point["runaways"] for point in worst):
        names = ", ".join(
            f"{point['runaways']} of {point['transcriptions']} by {model['name']} at {signed(point['snr'], 'g')} dB"
            for model, point in zip(results["models"], worst, strict=True)
            if point["runaways"]
        )
        caption += (
            " Dotted: with no transcription counted as more than 100 % wrong; some have more wrong words than words, "
            f"most of them by repeating themselves (at most {names})."
        )
    if results.get("left_out"):
        caption += f" Left out, since they cannot be used: {', '.join(results['left_out'])}."
    if _passes_the_top(results):
        caption += f" Points beyond {HIGHEST_SHOWN:g} % are drawn at the edge, with their value."
    return caption


def signed(value: float, form: str) -> str:
    """A number with a real minus sign."""
    return format(value, form).replace("-", "−")


def draw_robustness(results: dict[str, Any], path: str | PathLike) -> list[Path]:
    """A curve for each model, from little noise to much, with the speech alone at the left; PNG and SVG.

    Raises:
        InputError: the files cannot be written.
    """
    figure = new_figure(6.4, 4.2)
    axes = figure.subplots()
    snrs = results["settings"]["snrs"]
    step = (max(snrs) - min(snrs)) / (len(snrs) - 1) if len(snrs) > 1 else 10.0
    clean = max(snrs) + _GAP * step
    for index, model in enumerate(results["models"]):
        aside = (index - (len(results["models"]) - 1) / 2) * _ASIDE * step
        _draw_model(axes, model, clean - aside, index)
    highest = max(100 * point["high"] for model in results["models"] for point in model["points"])
    axes.set_ylim(0, min(HIGHEST_SHOWN, 1.05 * highest))
    axes.set_xlim(clean + 0.4 * step, min(snrs) - 0.4 * step)
    axes.set_xticks([clean, *snrs], ["clean", *(signed(snr, "g") for snr in snrs)])
    axes.axvline((clean + max(snrs)) / 2, color="0.7", linewidth=0.8, linestyle=":")
    axes.set(xlabel="signal-to-noise ratio, dB", ylabel="word error rate, %")
    clean_axes(axes)
    if any(point["runaways"] for model in results["models"] for point in model["points"]):
        axes.plot([], [], ":", color="0.3", linewidth=1.2, label="no transcription counted above 100 %")
    legend = axes.legend(loc="upper left", framealpha=0.9, edgecolor="none", fontsize=9)
    for text in legend.get_texts():
        # A name with two dollar signs is no formula.
        text.set_parse_math(False)
    return save_for_print(figure, path)


def _draw_model(axes: "Axes", model: dict[str, Any], clean: float, index: int) -> None:
    look = style(index)
    alone = next(point for point in model["points"] if point["snr"] is None)
    noisy = [point for point in model["points"] if point["snr"] is not None]
    snrs = [point["snr"] for point in noisy]
    low, high = ([100 * point[end] for point in noisy] for end in ("low", "high"))
    axes.fill_between(snrs, low, high, color=look["color"], alpha=0.15, linewidth=0)
    axes.plot(snrs, [100 * point["wer"] for point in noisy], label=model["name"], **look)
    if any(point["runaways"] for point in noisy):
        axes.plot(snrs, [100 * point["capped"] for point in noisy], ":", color=look["color"], linewidth=1.2)
    wer = 100 * alone["wer"]
    spread = [[wer - 100 * alone["low"]], [100 * alone["high"] - wer]]
    # Hollow: no point of the curve.
    axes.errorbar(
        clean, wer, yerr=spread, color=look["color"], marker=look["marker"], markerfacecolor="white", capsize=3
    )
    for point in noisy:
        if 100 * point["wer"] > HIGHEST_SHOWN:
            # Models beside each other, where several go beyond the edge at one ratio.
            place = (point["snr"], HIGHEST_SHOWN)
            axes.plot(*place, color=look["color"], marker=look["marker"], clip_on=False)
            axes.annotate(
                f"{100 * point['wer']:.0f} ↑",
                place,
                xytext=(0, 6 + 10 * index),
                textcoords="offset points",
                color=look["color"],
                ha="center",
                fontsize=8,
                annotation_clip=False,
            )


def _passes_the_top(results: dict[str, Any]) -> bool:
    return any(100 * point["wer"] > HIGHEST_SHOWN for model in results["models"] for point in model["points"])
