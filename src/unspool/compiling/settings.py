"""What the user chose about compiling; it is hashed into the study's fingerprint."""

from dataclasses import dataclass
from datetime import datetime

from unspool.tables import ACTIONS


@dataclass(frozen=True)
class ReadSettings:
    """Settings of `read`.

    `source` forces the format, `columns` maps those of a table, `language` is "en" or "any", `timezone` holds for naive
    times. `since` (from, inclusive) and `until` (before, exclusive) bound the time; `channels` keeps these, by id;
    `drop_users` leaves people out, by id or name. `actions`: which actions count as prompting; the others are derived.
    """

    source: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    language: str = "en"
    timezone: str = "UTC"
    since: datetime | None = None
    until: datetime | None = None
    channels: tuple[str, ...] = ()
    drop_users: tuple[str, ...] = ()
    actions: tuple[str, ...] = ACTIONS
