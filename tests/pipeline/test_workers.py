"""Sound that is read in a worker process, forked or spawned, gives what sound read in this one gives."""

import json

import pytest
from subprocesses import run_python

pytestmark = pytest.mark.real

SCRIPT = """
import json, multiprocessing, sys

def main():
    multiprocessing.set_start_method(sys.argv[1])
    import torch
    from transformers import pipeline
    import whisper_at_hf
    from whisper_at_hf.conversion.default_model import sample_path

    torch.set_num_threads(1)
    pipe = pipeline("whisper-at", model=sys.argv[2])
    files = [str(sample_path())] * 3
    here = pipe(files, batch_size=2)
    there = [pipe(files, batch_size=size, num_workers=1) for size in (1, 2)]
    try:
        pipe([files[0], "nope.wav"], num_workers=1, return_text=False)
    except whisper_at_hf.InputError as error:
        refused = str(error)
    print(json.dumps([here == results for results in there] + [len(here), here[0]["text"], refused]))

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_a_worker_reads_the_files(start_method, default_model, tmp_path):
    script = tmp_path / "script.py"  # spawned processes import it again
    script.write_text(SCRIPT)
    done = run_python(script, start_method, default_model)
    assert done.returncode == 0, done.stderr
    *same, count, text, refused = json.loads(done.stdout.splitlines()[-1])
    assert same == [True, True] and count == 3 and "Hello" in text
    assert refused.startswith("'nope.wav' does not exist") and "\n" not in refused
