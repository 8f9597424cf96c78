"""With which model and which version of it a prompt was made."""

import polars as pl


def version() -> pl.Expr:
    """`6.1` of `--v 6.1`, `6` of `--v 6.0`, `niji 5` of `--niji 5`; the last of several, as the bot takes it."""
    name, values = pl.element().struct.field("name"), pl.element().struct.field("values")
    value = values.list.first().fill_null("").str.replace(r"\.0+$", "")
    told = pl.when(name == "niji").then((pl.lit("niji ") + value).str.strip_chars()).when(value != "").then(value)
    return pl.col("params").list.eval(told.filter(name.is_in(["version", "niji"])).drop_nulls()).list.last()


def label() -> pl.Expr:
    """`midjourney 6.1` of the model midjourney and `--v 6.1`, `midjourney niji 5` of `--niji 5`.

    Without a model `version 6.1` and `niji 5`; null if neither is known.
    """
    told = version()
    model = pl.col("model").str.strip_chars().replace("", None)
    alone = pl.when(told.str.starts_with("niji")).then(told).otherwise("version " + told)
    both = pl.concat_str(model, told, separator=" ", ignore_nulls=True)
    return pl.when(model.is_null()).then(alone).otherwise(both)
