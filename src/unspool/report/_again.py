"""The commands that make a study again, from its manifest."""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

_READ = {"source": None, "timezone": "UTC", "language": "en", "since": None, "until": None}
_MEASURE = {"language_model": "--lm", "reference": "--reference", "sample": "--sample"}
_AUDIT = {"reference": None, "cap": 0.01, "min_users": 5, "rounds": 10, "seed": 0}
_ANALYZE = {"least": None, "steps": None, "draws": 2000, "classifier": None, "seed": 0}


def commands(manifest: Mapping[str, Any], *, quoted: bool) -> list[str]:
    """One command per stage, with the settings that differ from the defaults; LOG and STUDY stand for paths."""
    return [
        " ".join(["unspool read LOG... -o STUDY", *_reading(manifest.get("settings", {}))]),
        *_threading(manifest),
        " ".join(["unspool measure STUDY", *_measuring(manifest.get("features", {}))]),
        " ".join(["unspool analyze STUDY", *_analysing(manifest.get("analyses", {}))]),
        *_auditing(manifest),
        "unspool report STUDY" if quoted else "unspool report STUDY --no-prompts",
    ]


def _reading(settings: Mapping[str, Any]) -> Iterator[str]:
    columns = ",".join(f"{role}={column}" for role, column in settings.get("columns", ()))
    yield from _option("--columns", columns or None)
    for name, usual in _READ.items():
        if settings.get(name, usual) != usual:
            yield from _option(f"--{name}", settings[name])
    for _ in settings.get("channels", ()):
        yield "--channel ID"
    for _ in settings.get("drop_users", ()):
        yield "--drop-user NAME"
    actions = list(settings.get("actions", ()))
    if actions and actions != ["grid", "remix", "reroll"]:
        yield from _option("--actions", ",".join(actions))


def _threading(manifest: Mapping[str, Any]) -> Iterator[str]:
    """One command for each rule, the chosen one last: that is whose threads the prompts then hold."""
    rules = manifest.get("rules", {})
    for name in sorted(rules, key=lambda name: (name == manifest.get("rule"), name)):
        options = [part for key, value in rules[name]["options"].items() for part in _option(f"--{key}", value)]
        yield " ".join(["unspool thread STUDY --rule", rules[name]["rule"], *options])


def _measuring(features: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    settings = {key: value for entry in features.values() for key, value in entry.get("settings", {}).items()}
    for name, option in _MEASURE.items():
        yield from _option(option, settings.get(name))
    if settings.get("constituency"):
        yield "--constituency"
    if settings.get("seed"):
        yield from _option("--seed", settings["seed"])


def _analysing(analyses: Mapping[str, Any]) -> Iterator[str]:
    settings = analyses.get("settings", {})
    for name, usual in _ANALYZE.items():
        if settings.get(name, usual) != usual:
            yield from _option(f"--{name}", settings[name])


def _auditing(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The command of the audits, if they were made."""
    if "audits" in manifest:
        settings = manifest["audits"]["settings"]
        changed = {name: settings.get(name, usual) for name, usual in _AUDIT.items()}
        given = [part for k, v in changed.items() if v != _AUDIT[k] for part in _option(f"--{k.replace('_', '-')}", v)]
        yield " ".join(["unspool audit STUDY", *given])


def _option(name: str, value: Any) -> Iterable[str]:
    return () if value is None else (name, shlex.quote(told(value)))


def told(value: Any) -> str:
    """A setting in words; of a path its last part, since the folders of a machine are nobody's business."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={told(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(told(item) for item in value) or "none"
    if value is None:
        return "none"
    text = str(value)
    return PurePath(text).name if text.startswith(("/", "~", ".")) or "\\" in text else text
