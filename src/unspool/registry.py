"""A folder is a registry: its modules are listed without importing and loaded when their name is asked for."""

import importlib
import pkgutil
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from types import ModuleType

from unspool.errors import UnspoolError

_ONE_OF = {"threads": "rule", "analyses": "analysis"}


@cache
def _of_others(package: str) -> tuple[EntryPoint, ...]:
    """What other installed packages add; read once, since all that is installed has to be looked through."""
    return tuple(entry_points(group=f"unspool.{package}"))


def names(package: str) -> list[str]:
    """Names of the public modules in `unspool.<package>` and of those that other installed packages add.

    Another package joins with an entry point of the group `unspool.<package>`. A name that starts with an underscore
    is not listed: `_streams` serves the sources but is none.
    """
    return sorted(_own(package) | {point.name for point in _of_others(package)})


@cache
def _own(package: str) -> frozenset[str]:
    """The public modules in `unspool.<package>`."""
    spec = find_spec(f"unspool.{package}")
    places = list(spec.submodule_search_locations or []) if spec else []
    return frozenset(module.name for module in pkgutil.iter_modules(places) if not module.name.startswith("_"))


def load(package: str, name: str) -> ModuleType:
    """Import one module of a registry; an unknown name is an error that lists the known ones."""
    for point in _of_others(package):
        if point.name == name:
            module = point.load()
            assert isinstance(module, ModuleType)
            return module
    if name not in names(package):
        raise UnspoolError(
            f"There is no {_ONE_OF.get(package, package.removesuffix('s'))} named {name!r}.",
            f"Known are: {', '.join(names(package))}.",
            f"See `unspool {'rules' if package == 'threads' else package}`.",
            exit_code=2,
        )
    return importlib.import_module(f"unspool.{package}.{name}")
