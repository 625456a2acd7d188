"""`python -m whisper_at_hf.training [preset] [recipe.yaml] [--flag value ...]`, also under `accelerate launch -m`."""

from ..cli.boundary import error_boundary
from ..cli.scores import run_and_print
from ..cli.support import calm_transformers
from .recipes import parse_command_line


def main() -> None:
    """Entry point; see `error_boundary` for what becomes of an `InputError`."""
    calm_transformers(quiet=False)
    with error_boundary():
        run_and_print(*parse_command_line())


if __name__ == "__main__":
    main()
