"""A report that quotes no prompt: values in the results that people typed are taken out of them."""

import polars as pl

from unspool.syntax import parameters

_KNOWN = rf"(?i)^(?:{parameters.NAME}|{'|'.join(sorted(set(parameters.CANONICAL.values())))}|any parameter)$"
_VERSION = r"^version (?:(?:niji )?\d{1,2}(?:\.\d{1,2})?|niji|not named|others)$"
UNNAMED = "(not shown)"


def unquoted(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of results with names of parameters and versions that no model knows replaced.

    The bot's own parameters and numbers of versions stay: they say nothing about anybody. Notes that quote a value are
    those of such versions.
    """
    parameter = (pl.col("estimand") == "share_with_parameter") & ~pl.col("group").str.contains(_KNOWN)
    version = pl.col("model").str.starts_with("version ") & ~pl.col("model").str.contains(_VERSION)
    told = version.fill_null(False) & pl.col("note").is_not_null()
    note = pl.col("note").str.replace(
        r"(?s)all threads are of version .*: nothing", "all threads are of one version: nothing"
    )
    return rows.with_columns(
        group=pl.when(parameter.fill_null(False)).then(pl.lit(UNNAMED)).otherwise("group"),
        model=pl.when(version.fill_null(False)).then(pl.lit(f"version {UNNAMED}")).otherwise("model"),
        note=pl.when(told).then(pl.lit("too few threads, or not shown")).otherwise(note),
    )
