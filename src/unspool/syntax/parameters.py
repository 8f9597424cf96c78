"""Parameters of a Midjourney prompt: where they begin, and what they say.

They begin at the first white space + `--` + known name; `--` inside a word and auto-corrected dashes (`–ar`) are prose,
as the bot takes them. A value runs to the next `--`: over commas for `--no`, over blanks for `--sref` and the like.
"""

import re

import polars as pl

from unspool.tables import PARAMETERS

CANONICAL = {
    "ar": "aspect",
    "v": "version",
    "s": "stylize",
    "q": "quality",
    "c": "chaos",
    "w": "weird",
    "r": "repeat",
    "p": "personalize",
    "profile": "personalize",
    "relaxed": "relax",
    "h": "height",
}
NAME = (
    "sameseed|personalize|vibefast|wallpaper|stylize|version|quality|profile|upanime|uplight|creative|vertical|stealth|"
    "relaxed|sampler|aspect|motion|repeat|height|public|upbeta|niji|chaos|weird|style|draft|relax|turbo|video|width|steps|"
    "testp|seed|sref|cref|oref|dref|tile|stop|fast|loop|test|beta|vibe|raw|exp|end|cfg|ar|no|iw|sw|sv|cw|ow|dw|bs|hd|lp|mp|"
    "v|q|s|c|w|p|r|h"
)
SPLIT = rf"(?is)^(.*?)((?:^|[\s,])--(?:{NAME})(?:[\s\d:,{{<].*)?)$"
_ONE = re.compile(r"(?:^|[\s,])--([A-Za-z]+)")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)\Z")
_VALUE = re.compile(r"\{[^{}]*\}|[^\s,]+")

Parameter = dict[str, str | list[str] | float | None]


def parse_parameters(tail: str) -> list[Parameter]:
    """Read `--ar 3:2 --no text, logo`: a list of name (canonical), values and, for a plain number, its number.

    A repeated parameter stands repeatedly, in order; a flag has no values; `--raw` is `--style raw`. "" gives [].
    """
    found = list(_ONE.finditer(tail))
    names = [match[1].lower() for match in found]
    ends = [*(match.start() for match in found), len(tail)][1:]
    parsed = [parameter(name, tail[m.end() : end]) for name, m, end in zip(names, found, ends, strict=False)]
    if "h" in names and "w" in names:  # the 2022 pair --w 1024 --h 1024, before --w meant weird
        parsed = [{**p, "name": "width"} if p["name"] == "weird" else p for p in parsed]
    return parsed


def parameter(name: str, value: str) -> Parameter:
    """One parameter from its name, without dashes, and what is typed behind it."""
    if name == "raw":
        return {"name": "style", "values": ["raw"], "number": None}
    values = value.split(",") if name == "no" else _VALUE.findall(value)
    values = [v for v in (v.strip().rstrip(",") for v in values) if v not in ("", "<", ">")]
    number = float(values[0]) if len(values) == 1 and _NUMBER.match(values[0]) else None
    return {"name": CANONICAL.get(name, name), "values": values, "number": number}


def split_parameters(echo: pl.Series) -> pl.DataFrame:
    """Split echoed prompts into `body` (String) and `params` (tables.PARAMETERS; empty list where there are none).

    Each distinct tail is parsed once. Null echo gives null body and empty params.
    """
    parts = (
        echo.to_frame("echo")
        .select(pl.col("echo").str.extract_groups(SPLIT).struct.rename_fields(["head", "tail"]).alias("parts"), "echo")
        .unnest("parts")
    )
    tails = parts["tail"].drop_nulls().unique()
    known = pl.DataFrame(
        {"tail": tails, "params": pl.Series([parse_parameters(tail) for tail in tails.to_list()], dtype=PARAMETERS)}
    )
    return parts.join(known, on="tail", how="left", maintain_order="left").select(
        body=pl.coalesce("head", "echo"), params=pl.col("params").fill_null([])
    )


def expand_permutations(prompt: str) -> list[str]:
    r"""Prompts that `a {red, blue} bird` stands for; a bot line echoes each one apart. `\{`, `\}`, `\,` are literal."""
    match = re.search(r"(?<!\\)\{((?:\\.|[^{}\\])*)(?<!\\)\}", prompt)
    if match is None:
        return [re.sub(r"\\([{},])", r"\1", prompt)]
    choices = [choice.strip() for choice in re.split(r"(?<!\\),", match[1])]
    return [p for c in choices for p in expand_permutations(prompt[: match.start()] + c + prompt[match.end() :])]


def render_parameters(params: list[Parameter] | None) -> str:
    """Parsed parameters as they are typed, `--aspect 3:2 --no text, logo`; "" for none."""
    return " ".join(_typed(one) for one in params or [])


def _typed(one: Parameter) -> str:
    values = one["values"]
    listed = (", " if one["name"] == "no" else " ").join(values) if isinstance(values, list) else ""
    return f"--{one['name']} {listed}".strip()


def rendered(texts: pl.Series, params: pl.Series) -> pl.Series:
    """Prompts with their parameters behind them; each distinct list of parameters is written once."""
    keys = params.list.eval(pl.element().struct.json_encode()).list.join("\x1f").fill_null("")
    first = pl.DataFrame({"key": keys}).with_row_index("row").unique("key", keep="first")
    tails = [render_parameters(one) for one in params.gather(first["row"]).to_list()]
    tail = keys.replace_strict(first["key"], pl.Series(tails, dtype=pl.String), return_dtype=pl.String)
    both = pl.DataFrame({"text": texts, "tail": tail})
    return both.select(pl.concat_str("text", "tail", separator=" ").str.strip_chars().alias("prompt")).to_series()
