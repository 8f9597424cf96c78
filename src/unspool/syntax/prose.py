"""What is prose in the parameters of a prompt: what stands behind settings, all of `--no`, and names no bot knows."""

import polars as pl

from unspool.syntax.parameters import CANONICAL, NAME

KNOWN = frozenset({*NAME.split("|"), *CANONICAL.values()})
_NUMBER = r"-?(?:\d{1,10}(?:\.\d*)?|\.\d+)"
_WORDS = "raw|cute|expressive|original|scenic|default|4[abc]|random|loop|low|medium|high"
_SETTING = rf"(?:[=:]?{_NUMBER}(?:[:x/]{_NUMBER}|%)?|{_WORDS}|<link>)(?:::{_NUMBER})?"
_SETTINGS = rf"(?i)^((?:(?:{_SETTING}|\{{ ?{_SETTING}(?:, ?{_SETTING})* ?\}})(?: |$))*)"


def line(parameter: pl.Expr, *, only_prose: bool = False) -> pl.Expr:
    """The values of a parameter as they are typed; behind its name, where that is no known one and so a word too."""
    name, values = parameter.struct.field("name"), parameter.struct.field("values")
    typed = values.list.join(" ").fill_null("")
    # `--jane_9x` was split behind its letters.
    gap = pl.when(typed.str.contains(r"^[\p{N}_.\-]")).then(pl.lit("")).otherwise(pl.lit(" "))
    return (
        pl.when(name == "no")
        .then(values.list.join(", ").fill_null(""))
        .when(name.is_in(sorted(KNOWN)))
        .then(typed.str.replace(_SETTINGS, "") if only_prose else typed)
        .otherwise(pl.concat_str(name, gap, typed).str.strip_chars())
    )


def settings(name: pl.Expr, line: pl.Expr) -> pl.Expr:
    """The beginning of a line that only sets something: numbers, ratios, `raw`, with the blank behind it."""
    return pl.when(name == "no").then(pl.lit("")).otherwise(line.str.extract(_SETTINGS))


def lines(params: pl.Expr) -> pl.Expr:
    """A line for each parameter of a list; no list has none."""
    return params.list.eval(line(pl.element())).fill_null([])


def prose(params: pl.Expr) -> pl.Expr:
    """The same without settings: what can be read as words, one string for each parameter that has any."""
    said = params.list.eval(line(pl.element(), only_prose=True)).fill_null([])
    return said.list.filter(pl.element() != "")
