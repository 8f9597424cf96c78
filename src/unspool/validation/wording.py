"""The judgements as a table, a line per claim, for the terminal and as Markdown, and in a sentence."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import polars as pl

from unspool.audits import MODE as AUDIT
from unspool.validation.claims import PLACE, TRUE

if TYPE_CHECKING:
    from rich.table import Table

HEADS = ("mark", "estimate", "truth", "mean", "bias / SD", "covers", "rejects")


def lines(found: pl.DataFrame) -> Iterator[tuple[str, list[tuple[str, ...]], int]]:
    """Each scenario with the cells of its claims and its number of logs; its audits, of fewer logs, by themselves."""
    named = found.with_columns(audits=pl.col("mode") == AUDIT)
    for (name, audits), rows in named.group_by("scenario", "audits", maintain_order=True):
        claims = rows.partition_by(*PLACE, maintain_order=True)
        title = str(name).replace("_", "-") + (", audits" if audits else "")
        most = max(rows["n_seeds"].to_list())
        yield title, [_cells(claim, most) for claim in claims], most


def _cells(claim: pl.DataFrame, most: int) -> tuple[str, ...]:
    one = claim.row(0, named=True)
    bias, error, covered, rejected = (
        _first(claim, name) for name in ("bias_in_sd", "bias_error", "coverage", "rejected")
    )
    mark, failed = _mark(claim, most)
    return (
        mark,
        f"{_name(one)}{failed}",
        _number(one["truth"]),
        _number(one["mean"]),
        "" if bias is None else f"{bias:+.2f} ±{error:.2f}",
        "" if covered is None else f"{100 * covered:.1f}%",
        "" if rejected is None else f"{100 * rejected:.1f}%",
    )


def _first(claim: pl.DataFrame, column: str) -> float | None:
    known = claim[column].drop_nulls()
    return float(known[0]) if len(known) else None


def _mark(claim: pl.DataFrame, most: int) -> tuple[str, str]:
    """Whether all marks are met, and which are not; in how many logs there was no estimate, and of how many it is."""
    unknown, n = claim["n_unknown"][0], claim["n_seeds"][0]
    missing = [f"no estimate in {unknown:,}"] if unknown else []
    missing += [f"{n:,} logs"] if n < most else []
    if not n:
        return "-", " (not in these logs)"
    if claim["passed"].is_null().all():
        return "shown", _bracketed(["misleads", *missing])
    failed = claim.filter(~pl.col("passed"))["check"].to_list()
    return ("FAIL" if failed else "pass"), _bracketed([*failed, *missing])


def _bracketed(parts: list[str]) -> str:
    return f" ({', '.join(parts)})" if parts else ""


def _name(row: dict[str, Any]) -> str:
    mode = {"corrected": "", "paper": ", paper"}.get(row["mode"], f", {row['group']}")
    threads = ", true threads" if row["rule"] == TRUE else ""
    return f"{row['analysis']}/{row['feature']}/{row['estimand']}{mode}{threads}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:z.3f}" if abs(value) < 10 else f"{value:,.0f}"


def printed(found: pl.DataFrame) -> "Table":
    """A table for the terminal, scenario by scenario."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.add_column(HEADS[0], no_wrap=True)
    table.add_column(HEADS[1], overflow="fold")
    for head in HEADS[2:]:
        table.add_column(head, justify="right", no_wrap=True)
    for name, claims, n in lines(found):
        table.add_row("", f"[bold]{name}[/bold] ({n:,} logs)")
        for cells in claims:
            table.add_row(*cells, style={"FAIL": "red", "shown": "yellow"}.get(cells[0]))
    return table


def as_markdown(found: pl.DataFrame) -> str:
    """A Markdown table per scenario."""
    return "\n".join(_markdown(found))


def _markdown(found: pl.DataFrame) -> Iterator[str]:
    for name, claims, n in lines(found):
        yield f"### {name} ({n:,} logs)\n"
        yield f"| {' | '.join(HEADS)} |"
        yield f"|{'---|' * len(HEADS)}"
        yield from (f"| {' | '.join(cells)} |" for cells in claims)
        yield ""


def summed_up(found: pl.DataFrame) -> str:
    """How many marks were met, in a sentence."""
    marked = found.filter(pl.col("passed").is_not_null())
    met = int(marked["passed"].sum())
    missed = marked.height - met
    told = f"{met:,} of {marked.height:,} marks met" + (f", {missed:,} not" if missed else "")
    shown = found.filter(pl.col("passed").is_null(), pl.col("n_seeds") > 0).height
    return f"{told}." + (f" {shown:,} estimates are shown that mislead, as expected." if shown else "")
