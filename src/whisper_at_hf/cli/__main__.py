"""`python -m whisper_at_hf.cli`, also under `accelerate launch -m`."""

from .app import main

if __name__ == "__main__":
    main()
