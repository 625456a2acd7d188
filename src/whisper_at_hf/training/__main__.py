"""`python -m whisper_at_hf.training [preset] [recipe.yaml] [--flag value ...]`, also under `accelerate launch -m`."""

import sys

from ..cli.scores import run_and_print
from ..cli.support import calm_transformers, print_error
from ..errors import InputError
from .recipes import parse_command_line


def main() -> None:
    """Entry point; an `InputError` is printed as one sentence and ends the program with 2."""
    calm_transformers(quiet=False)
    try:
        run_and_print(*parse_command_line())
    except InputError as error:
        print_error(error)
        sys.exit(2)


if __name__ == "__main__":
    main()
