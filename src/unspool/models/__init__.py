"""Heavy optional back ends: the parser, language models. Each is imported inside functions only."""

from pathlib import Path


def told(name: str) -> str:
    """A model or file as studies and results name it: of a path on this machine the last part, else as it is."""
    return Path(name).name if Path(name).exists() else name
