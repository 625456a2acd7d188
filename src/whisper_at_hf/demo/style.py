"""How the page looks: no font, script or picture comes from anywhere but this server."""

from typing import Any

from .library import import_gradio

FONTS = ["system-ui", "Segoe UI", "Roboto", "Helvetica", "Arial", "sans-serif"]
FIXED_WIDTH_FONTS = ["ui-monospace", "Menlo", "Consolas", "monospace"]

# Colours are gradio's variables, which are others in the dark.
CSS = """
.gradio-container { width: 100% !important; max-width: 1200px !important; margin: 0 auto !important; }
.dark { color-scheme: dark; }
#timeline .html-container, #live .html-container { padding: 0; }
.whisper-at-hint, .whisper-at-hint p { color: var(--body-text-color-subdued); font-size: var(--text-sm); }
.whisper-at-timeline {
  display: block; width: 100%; height: 760px; resize: vertical;
  border: 1px solid var(--border-color-primary); border-radius: var(--radius-lg);
}
.whisper-at-files { align-items: center; }
.whisper-at-live {
  min-height: 200px; max-height: 60vh; overflow-y: auto; padding: var(--spacing-xl);
  border: 1px solid var(--border-color-primary); border-radius: var(--radius-lg);
}
.whisper-at-line { display: flex; gap: 0.9em; margin: 0 0 0.6em; line-height: 1.7; overflow-wrap: anywhere; }
.whisper-at-clock { color: var(--body-text-color-subdued); font-variant-numeric: tabular-nums; min-width: 2.6em; }
.whisper-at-label {
  display: inline-block; margin-right: 0.3em; padding: 0 0.6em; border-radius: 1em; font-size: 0.85em;
  color: var(--body-text-color); background: var(--background-fill-secondary);
  border: 1px solid var(--border-color-primary); white-space: nowrap;
}
"""


def theme() -> Any:
    """gradio's own look, in the fonts of the visitor's system."""
    themes = import_gradio().themes
    return themes.Default(primary_hue="blue", neutral_hue="slate", font=list(FONTS), font_mono=list(FIXED_WIDTH_FONTS))
