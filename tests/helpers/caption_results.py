"""Results of the pipeline as captions are made from: by hand, and at random with all of Whisper's oddities."""

import random

TEXTS = (
    "the dog and house of running, people. went Because 今日はいい天気ですね。 ภาษาไทยง่าย שלום مرحبا a I "
    "well-known stop! Donaudampfschifffahrtsgesellschaftskapitänsmützenband "
    "why? 1984 <b> {\\an8} &amp; --> \\N 00:00:01,000 x\x1b[31m"
).split(" ")
LABELS = ["Dog", "Bark", "Animal", "Rain", "Music", "Rock music", "Speech", "Siren", "Car", "Silence", "my own label"]


def result(*chunks, events=()):
    """From `(text, start, end)` and `(label, start, end[, score])`."""
    return {
        "text": "".join(text for text, *_ in chunks),
        "chunks": [{"text": text, "timestamp": (start, end)} for text, start, end in chunks],
        "audio_events": [
            {"label": label, "timestamp": (start, end), "score": score[0] if score else 0.5}
            for label, start, end, *score in events
        ],
    }


def random_result(seed, words=False):
    """Chunks (segments, or words) and events of all durations and distances, in and out of order."""
    choose = random.Random(seed)
    chunks, now = [], 0.0
    for _ in range(choose.randint(0, 25)):
        text = " " + " ".join(choose.choice(TEXTS) for _ in range(1 if words else choose.randint(0, 40)))
        lasts = choose.choice([0, 0.02, 0.3, 1, 5, 29]) * choose.random()
        chunks.append((text, round(now, 2), choose.choice([now + lasts] * 4 + [None, now, now - 1])))
        now = max(0.0, now + lasts + choose.choice([0, 0, 0, 0.2, 1, 4, -3]))
    if seed % 5 == 0:
        choose.shuffle(chunks)
    starts = sorted(round(choose.random() * (now + 5), 1) for _ in range(choose.randint(0, 30)))
    lengths = [choose.random() * choose.choice([0.4, 3, 30]) for _ in starts]
    events = [
        (choose.choice(LABELS), start, start + length, choose.random())
        for start, length in zip(starts, lengths, strict=True)
    ]
    return result(*chunks, events=events)
