"""unspool: unwind a prompt log into threads, and study how the prompts change.

    study = unspool.run("export.json", "study")
    study.prompts()                       # Polars
    study.features(), study.results()

    unspool.thread(frame, rule="iou")     # any table with user_id, time and text

The names below are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unspool.api import analyze, audit, measure, read, run, thread, write_export, write_report
    from unspool.errors import UnspoolError
    from unspool.study import Study

__version__ = "0.1.0"
__all__ = [
    "Study",
    "UnspoolError",
    "__version__",
    "analyze",
    "audit",
    "measure",
    "read",
    "run",
    "thread",
    "write_export",
    "write_report",
]
_PLACES = {
    "analyze": "unspool.api",
    "audit": "unspool.api",
    "measure": "unspool.api",
    "read": "unspool.api",
    "run": "unspool.api",
    "thread": "unspool.api",
    "write_export": "unspool.api",
    "write_report": "unspool.api",
    "Study": "unspool.study",
    "UnspoolError": "unspool.errors",
}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'unspool' has no attribute {name!r}")
