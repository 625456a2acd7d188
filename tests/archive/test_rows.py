"""Results as rows of the table."""

import pyarrow

from whisper_at_hf.archive.rows import SCHEMA, result_row

RESULT = {
    "text": " Hi.",
    "language": "en",
    "chunks": [{"text": " Hi.", "timestamp": (0.0, None), "tags": []}],
    "audio_tags": [{"timestamp": (0.0, 10.0), "tags": [{"label": "Speech", "score": 0.5}]}],
    "audio_events": [{"label": "Rain", "timestamp": (0.4, 2.0), "score": 0.25}],
}


def test_a_result_is_a_row():
    assert result_row(RESULT, 1.5) == {
        "duration": 1.5,
        "text": " Hi.",
        "language": "en",
        "chunks": [{"text": " Hi.", "start": 0.0, "end": None}],
        "tags": [{"start": 0.0, "end": 10.0, "tags": [{"label": "Speech", "score": 0.5}]}],
        "events": [{"label": "Rain", "score": 0.25, "start": 0.4, "end": 2.0}],
    }


def test_what_was_not_asked_for_is_null_and_what_was_not_found_is_empty():
    row = result_row({"audio_tags": []}, 1.5)
    assert row == {"duration": 1.5, "text": None, "language": None, "chunks": None, "tags": [], "events": None}


def test_rows_fit_the_table():
    rows = [{"id": "a", "path": "/a", **result_row(RESULT, 1.5)}, {"id": "b", "path": "/b", "error": "No."}]
    first, second = pyarrow.Table.from_pylist(rows, schema=SCHEMA).to_pylist()
    assert first["events"] == [{"label": "Rain", "score": 0.25, "start": 0.4, "end": 2.0}] and first["error"] is None
    assert second == {**dict.fromkeys(SCHEMA.names), "id": "b", "path": "/b", "error": "No."}
