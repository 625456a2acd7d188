"""Signals that machines make by rule: noises, tones of the telephone, alarms and sirens."""

from collections.abc import Callable

import numpy as np
from twelve_sounds.noise import coloured_noise

RATE = 16_000

# Label -> whether a signal that follows the rule *is* what the label names, so that it may test as well as teach. A
# made siren only resembles those in the street: real ones test that.
EXACT = {
    "White noise": True,
    "Pink noise": True,
    "Sine wave": True,
    "Dial tone": True,
    "Busy signal": True,
    "Telephone dialing, DTMF": True,
    "Beep, bleep": True,
    "Smoke detector, smoke alarm": False,
    "Reversing beeps": False,
    "Alarm clock": False,
    "Siren": False,
    "Police car (siren)": False,
    "Civil defense siren": False,
    "Buzzer": False,
    "Mains hum": False,
}


def signal(label: str, rng: np.random.Generator) -> np.ndarray:
    """`(samples,)` at 16 kHz, 1 to 9 seconds, all of it drawn from `rng`."""
    samples = int(rng.uniform(2, 9) * RATE)
    made = _MAKERS[label](np.arange(samples) / RATE, rng)
    fade = np.minimum(1, np.minimum(np.arange(samples), np.arange(samples)[::-1]) / (0.01 * RATE))
    return (0.3 * made * fade / max(np.abs(made).max(), 1e-6)).astype(np.float32)


def _noise(slope: float) -> Callable:
    def make(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return coloured_noise(len(times), slope, rng)

    return make


def _sine(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.sin(2 * np.pi * float(np.exp(rng.uniform(np.log(120), np.log(5000)))) * times)


def _pulsed(carrier: np.ndarray, times: np.ndarray, pattern: list[float]) -> np.ndarray:
    """A tone that sounds for the first, third... of the pattern's seconds, over and over."""
    edges = np.cumsum(pattern)
    return carrier * (np.searchsorted(edges, times % edges[-1], side="right") % 2 == 0)


def _tones(times: np.ndarray, *hertz: float) -> np.ndarray:
    return sum(np.sin(2 * np.pi * one * times) for one in hertz)


# Tones of North America's and Europe's networks: ITU-T E.180.
def _dial_tone(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _tones(times, 350, 440) if rng.random() < 0.6 else _tones(times, 425)


def _busy(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    tone = _tones(times, 480, 620) if rng.random() < 0.6 else _tones(times, 425)
    half = float(rng.choice([0.25, 0.375, 0.5]))
    return _pulsed(tone, times, [half, half])


def _dtmf(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """ITU-T Q.23: a low and a high tone for each key."""
    key, made = float(rng.uniform(0.12, 0.4)), np.zeros(len(times))
    for number in range(int(times[-1] / key) + 1):
        mine = (times >= number * key) & (times < number * key + 0.6 * key)
        made[mine] = _tones(times, rng.choice([697, 770, 852, 941]), rng.choice([1209, 1336, 1477]))[mine]
    return made


def _beeps(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    on, off = rng.uniform(0.05, 0.5), rng.uniform(0.05, 0.8)
    return _pulsed(_square(times, rng.uniform(500, 3500), rng), times, [on, off])


def _square(times: np.ndarray, hertz: float, rng: np.random.Generator) -> np.ndarray:
    """A tone with odd overtones, none over half of the sampling rate."""
    overtones = [k for k in (1, 3, 5, 7) if k * hertz < 0.45 * RATE][: int(rng.integers(1, 5))]
    return sum(np.sin(2 * np.pi * k * hertz * times) / k for k in overtones)


def _smoke_alarm(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """ISO 8201: three pulses of half a second, a pause; or fast ones, of cheap ones."""
    tone = _square(times, rng.uniform(2800, 3400), rng)
    pattern = [0.5, 0.5, 0.5, 0.5, 0.5, 1.5] if rng.random() < 0.6 else [0.1, 0.1]
    return _pulsed(tone, times, pattern)


def _reversing(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    half = float(rng.uniform(0.35, 0.6))
    return _pulsed(_square(times, rng.uniform(1000, 1500), rng), times, [half, half])


def _alarm_clock(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    beep = float(rng.uniform(0.06, 0.12))
    return _pulsed(_square(times, rng.uniform(1900, 2600), rng), times, [beep, beep] * 3 + [beep, 5 * beep])


def _sweep(times: np.ndarray, hertz: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A horn's tone of changing pitch, with overtones."""
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    return sum(np.sin(k * phase) * rng.uniform(0.2, 1) / k for k in range(1, 6))


def _police(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Wail, yelp, or two tones in turn."""
    low, high = rng.uniform(450, 700), rng.uniform(1100, 1700)
    kind = rng.choice(["wail", "yelp", "hi-lo"])
    if kind == "hi-lo":
        steps = np.where(times % 1.2 < 0.6, 435.0, 580.0) * rng.uniform(0.9, 1.6)
        return _sweep(times, steps, rng)
    period = rng.uniform(3, 6) if kind == "wail" else rng.uniform(0.2, 0.4)
    return _sweep(times, low + (high - low) * (0.5 - 0.5 * np.cos(2 * np.pi * times / period)), rng)


def _air_raid(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    top, period = rng.uniform(380, 620), rng.uniform(6, 12)
    rise = 0.5 - 0.5 * np.cos(2 * np.pi * (times + rng.uniform(0, period)) / period)
    return _sweep(times, top * (0.4 + 0.6 * np.minimum(1, 1.6 * rise)), rng)


def _buzzer(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    base = rng.uniform(90, 240)
    return sum(np.sin(2 * np.pi * base * k * times) for k in range(1, 20)) * (times % 3 < rng.uniform(0.5, 3))


def _hum(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    base = float(rng.choice([50, 60]))
    return sum(np.sin(2 * np.pi * base * k * times) * rng.uniform(0, 1) / k for k in range(1, 9))


_MAKERS: dict[str, Callable] = {
    "White noise": _noise(0.0),
    "Pink noise": _noise(0.5),
    "Sine wave": _sine,
    "Dial tone": _dial_tone,
    "Busy signal": _busy,
    "Telephone dialing, DTMF": _dtmf,
    "Beep, bleep": _beeps,
    "Smoke detector, smoke alarm": _smoke_alarm,
    "Reversing beeps": _reversing,
    "Alarm clock": _alarm_clock,
    "Siren": _police,
    "Police car (siren)": _police,
    "Civil defense siren": _air_raid,
    "Buzzer": _buzzer,
    "Mains hum": _hum,
}
