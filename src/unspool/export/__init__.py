"""One file per form in which a log may be passed on: from a study's tables to files that other programs read.

A form is a module with

    TITLE: str            one line: what is written, and for whom
    PLACE: str            "file" or "folder": what stands at the place that the user names
    SUFFIX: str           of the file, "" for a folder
    CITATION: str         whose format it is

    def write(data: Exported, out: Path) -> None

`write` makes `out`, a file or a folder that does not exist yet, of nothing but what `data` holds; the stage renames it
when it is whole. All that leaves a study goes through `Exported.frames`: dropped people, rare words, personal data and
images are gone from there, so that no form can forget them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import polars as pl

from unspool import registry

SPLITS = ("train", "validation", "test")
TITLE = "A log of prompts"


@dataclass(frozen=True)
class Settings:
    """`drop_users`: people who are left out, as their names or ids stand in the log.

    `min_users`: words that fewer people use are taken out of all texts (0: none); `n_gram`: the same for runs of up to
    so many words. `images`: whether captions, image numbers and image references go with it. `redact`: personal data
    that the privacy audit finds in texts becomes a placeholder. What is written behind a parameter is text too.
    `any_pair`: also pairs whose prompts differ, in the form `preference`. `allow`: findings of the privacy audit that
    do not keep the log from being exported. `shares` of the users in SPLITS; `seed` of the split. `title`: what the
    card calls the log.
    """

    drop_users: tuple[str, ...] = ()
    min_users: int = 0
    n_gram: int = 1
    images: bool = True
    redact: bool = False
    any_pair: bool = False
    allow: tuple[str, ...] = ()
    shares: tuple[float, float, float] = (0.8, 0.1, 0.1)
    seed: int = 0
    title: str = TITLE


@dataclass(frozen=True)
class Exported:
    """What may leave a study.

    `frames`: the prompts, a frame at a time, whole users in each, by user and time: the columns of the prompts table
    (without what stays inside), those of the features, and those of the weights where the study has them.
    `manifest` and `audit` (the rows of the audits, None if there are none) are for the card. `counts`: prompts, threads
    and people that are exported, and what was taken out; a form whose rows are of another kind adds how many it wrote.
    `unknown`: names to be dropped that nobody in the study has. `labels`: user_id and label of the people, by which
    they are dealt to the splits; None to deal them by their ids.
    """

    frames: Callable[[], Iterator[pl.DataFrame]]
    manifest: Mapping[str, Any]
    settings: Settings
    audit: pl.DataFrame | None = None
    counts: dict[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    title: str = TITLE
    labels: pl.DataFrame | None = None

    def split(self, user_ids: pl.Series) -> pl.Series:
        """The split of each row by its user, one of SPLITS."""
        if self.labels is not None:
            user_ids = user_ids.replace(self.labels["user_id"], self.labels["label"])
        return split_of(user_ids, self.settings)


class Form(Protocol):
    """The interface of a form."""

    TITLE: str
    PLACE: str
    SUFFIX: str
    CITATION: str

    def write(self, data: Exported, out: Path) -> None:
        """Write the export to `out`."""
        ...


def form(name: str) -> Form:
    """Load a form by name."""
    return cast("Form", registry.load("export", name))


def forms() -> list[str]:
    """Names of the forms."""
    return registry.names("export")


def split_of(user_ids: pl.Series, settings: Settings) -> pl.Series:
    """The split of each row by its user, one of SPLITS; by label and seed alone, so that an export made again agrees.

    A row without a user is in the first split.
    """
    from hashlib import blake2b

    users = user_ids.drop_nulls().unique()
    places = [
        int.from_bytes(blake2b(f"split {settings.seed} {user}".encode(), digest_size=8).digest(), "little") / 2**64
        for user in users
    ]
    first, second, _ = settings.shares
    edges = first, first + second
    named = [SPLITS[sum(place >= edge for edge in edges)] for place in places]
    found = user_ids.replace_strict(users, pl.Series(named, dtype=pl.String), default=SPLITS[0], return_dtype=pl.String)
    return found.alias("split")
