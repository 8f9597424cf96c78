"""The libraries of the extra `lm`, imported when a model is asked for, and what the processor can do."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from unspool.errors import UnspoolError

INSTALL = 'pip install "unspool[lm]"'
NEEDED = ("torch", "transformers")
NEEDED_BY_GGUF = (*NEEDED, "gguf", "accelerate")
PROCESSOR = Path("/proc/cpuinfo")
BF16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}


def library(name: str) -> Any:
    """Import a library of the extra; UnspoolError with the line that installs it where it is absent."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        raise UnspoolError(
            "A language model cannot be used here.", f"{name} is not installed.", f"Install it: {INSTALL}."
        ) from error


def absent(names: tuple[str, ...]) -> list[str]:
    """Those of the libraries that are not installed."""
    return [name for name in names if find_spec(name) is None]


def default_device() -> str:
    """`cuda` where there is a GPU that torch can use, else `cpu`."""
    return "cuda" if library("torch").cuda.is_available() else "cpu"


def default_dtype(device: str, processor: Path = PROCESSOR) -> str:
    """`bfloat16` where the device multiplies in it, else `float32`; of a CPU this is known on Linux only."""
    if device.startswith("cuda"):
        fast = library("torch").cuda.is_bf16_supported(including_emulation=False)
    else:
        fast = processor.is_file() and not BF16_FLAGS.isdisjoint(processor.read_text().split())
    return "bfloat16" if fast else "float32"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from printing: its bars and its remarks on what it loads."""
    told = library("transformers").utils.logging
    level, bars = told.get_verbosity(), told.is_progress_bar_enabled()
    told.set_verbosity_error()
    told.disable_progress_bar()
    try:
        yield
    finally:
        told.set_verbosity(level)
        if bars:
            told.enable_progress_bar()
