"""Cells that are safe to open in a spreadsheet: none is taken for a formula, and none holds a control character."""

import polars as pl

_FORMULA = r"^[\s\u00a0\ufeff]*[=+\-@\t\r]"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]"


def safe(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as text and numbers: lists and structs as JSON, times in ISO form, formulas with an apostrophe before.

    Control characters and marks of writing direction are taken out. Numbers and truths stay as they are.
    """
    return frame.select(_cell(name, kind) for name, kind in frame.schema.items())


def _cell(name: str, kind: pl.DataType) -> pl.Expr:
    if isinstance(kind, pl.List | pl.Struct | pl.Array):
        value = pl.struct(pl.col(name)).struct.json_encode().str.strip_prefix(f'{{"{name}":').str.strip_suffix("}")
        return _text(pl.when(pl.col(name).is_not_null()).then(value), name)
    if isinstance(kind, pl.Datetime):
        return pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    return _text(pl.col(name), name) if kind == pl.String else pl.col(name)


def _text(value: pl.Expr, name: str) -> pl.Expr:
    clean = value.str.replace_all(_CONTROL, "")
    return pl.when(clean.str.contains(_FORMULA)).then(pl.concat_str(pl.lit("'"), clean)).otherwise(clean).alias(name)
