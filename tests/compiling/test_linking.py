"""Links do not hang on which users share a bucket."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.logs import grid, message, upscale, write

from unspool.compiling.events import EVENTS
from unspool.compiling.linking import link_roots
from unspool.compiling.routing import owned, owners
from unspool.compiling.settings import ReadSettings
from unspool.stages import read as reading
from unspool.tables import conform

PEOPLE = 20
BY_ANOTHER = "Variations (Strong) by <@{}> (fast)"


def answers(number, answered, user):
    """A variation of somebody's grid by `user`, or of a message that is not in the log."""
    line = f"**red fox** - {BY_ANOTHER.format(user)}"
    return message(number, line, user=user, reference=answered)


def own_variation(a, b, n):
    """A varies B's grid, and then presses an upscale that answers nothing that is in the log."""
    return [grid(n, "red fox", user=b), answers(n + 1, n, a), upscale(n + 2, "red fox", user=a, reference=900)]


def orphan_of_another(a, b, n):
    """A has the same prompt, and upscales a variation by B whose grid is not in the log."""
    return [grid(n, "red fox", user=a), answers(n + 1, 901, b), upscale(n + 2, "red fox", user=a, reference=n + 1)]


def remix_of_another(a, b, n):
    """A remixes B's grid and upscales the remix."""
    remix = message(n + 1, f"**blue fox** - Remix by <@{a}> (fast)", user=a, reference=n)
    return [grid(n, "red fox", user=b), remix, upscale(n + 2, "blue fox", user=a, reference=n + 1)]


def grid_of_nobody(a, _, n):
    """A upscales the grid of somebody who has left, and has the same prompt."""
    nobody = {**grid(n + 1, "red fox"), "mentions": [], "content": "**red fox** - @Unknown (fast)"}
    return [grid(n, "red fox", user=a), nobody, upscale(n + 2, "red fox", user=a, reference=n + 1)]


@pytest.mark.parametrize("actions", [("grid", "remix", "reroll"), ("grid",)])
@pytest.mark.parametrize("case", [own_variation, orphan_of_another, remix_of_another, grid_of_nobody])
def test_one_bucket_or_many_give_the_same(tmp_path, monkeypatch, case, actions):
    pairs = [(str(600 + k), str(800 + k), 1 + 3 * k) for k in range(PEOPLE)]
    log = write(tmp_path / "log.json", [line for a, b, n in pairs for line in case(a, b, n)])
    settings, books = ReadSettings(language="any", actions=actions), []
    for size in (2**20, 1_000):
        monkeypatch.setattr(reading, "BUCKET_BYTES", size)
        study = reading.read([log], tmp_path / f"study-{size}", settings)
        upscaled = study.prompts()["n_upscales"].fill_null(0).sum()
        books.append((study.manifest["counts"]["total"], upscaled))
    assert study.manifest["buckets"] > PEOPLE
    assert books[0] == books[1]


def linked(events, prompt_kinds):
    """Message ids with those of their roots."""
    found = events["message_id"].gather(pl.Series(link_roots(events, prompt_kinds).root).replace(-1, None))
    return dict(zip(events["message_id"], found, strict=True))


LINES = st.tuples(
    st.sampled_from([1, 2, 3, None]),
    st.sampled_from(["grid", "remix", "variation", "pan", "upscale", "other"]),
    st.sampled_from(["red fox", "red fox --ar 3:2", "old mill"]),
    st.integers(0, 6),
)


@given(st.lists(LINES, max_size=16), st.sampled_from([("grid", "remix"), ("grid",)]))
def test_links_are_those_within_an_owner(lines, prompt_kinds):
    rows = [
        {"message_id": n, "user_id": user, "kind": kind, "echo": echo, "reference_id": n - back if back else None}
        for n, (user, kind, echo, back) in enumerate(lines, 10)
    ]
    events = conform(pl.DataFrame(rows, schema=["message_id", "user_id", "kind", "echo", "reference_id"]), EVENTS)
    events = events.with_columns(time=pl.lit(datetime(2023, 6, 1, tzinfo=UTC)), seq=pl.int_range(pl.len()))
    events = owned(events, owners(events.lazy(), prompt_kinds))
    apart: dict[int, int | None] = {}
    for part in events.partition_by("owner"):
        apart |= linked(part, prompt_kinds)
    assert linked(events, prompt_kinds) == apart
