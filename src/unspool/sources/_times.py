"""Times as logs write them: ISO 8601 with or without an offset, epoch numbers, dates and datetimes of any unit."""

import polars as pl

from unspool.errors import UnspoolError
from unspool.tables import TIME

BLANKS = ("", "none", "null", "nan", "nat", "<na>")
WHITE = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
"""Blanks as Python knows them: the separators U+001C to U+001F too, which a stripped cell would else keep."""
EPOCH_MIN = 10**8
EPOCH_STEPS = ((10**11, 1_000, 1), (10**14, 1, 1), (10**17, 1, 1_000))
"""Below the first number, an epoch is times the second and by the third milliseconds: seconds, then ms, then us."""

ISO = (
    r"^(?<date>\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ](?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d)(?::(?<second>[0-5]\d)(?:[.,](?<fraction>\d{1,9}))?)?)?"
    r"\s*(?:(?<zone>[Zz]|UTC|GMT)|(?<sign>[+-])(?<hours>[01]\d|2[0-3])(?::?(?<minutes>[0-5]\d))?)?$"
)
COMMON = tuple(f"%Y-%m-%d{mark}%H:%M:%S%.f{offset}" for offset in ("%#z", "") for mark in ("T", " "))
WHOLE = r"^\d{1,19}$"
NUMBER = r"^\d+(?:\.\d*)?(?:[eE]\+?\d+)?$"


def parse(series: pl.Series, timezone: str = "UTC") -> tuple[pl.Series, pl.Series]:
    """Return the times as Datetime(ms, UTC), and which of them are not blank and yet could not be read (null there).

    Naive times are of `timezone`; those that its clocks skipped count as unreadable, those that they told twice are
    the earlier one. Fractions finer than a millisecond are cut off. Numbers are seconds, milliseconds, microseconds or
    nanoseconds since 1970 by their size; below 10**8 (before 1973) they are taken for a rank and not for a time.
    """
    _check_zone(timezone)
    kind = series.dtype
    if isinstance(kind, pl.Categorical | pl.Enum):
        series, kind = series.cast(pl.String), pl.String()
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        times = series.dt.convert_time_zone("UTC").cast(TIME)
    elif isinstance(kind, pl.Datetime | pl.Date):
        times = _placed(series.cast(pl.Datetime("ms")), timezone)
    elif kind.is_integer():
        times = _epoch_whole(series)
    elif kind.is_float() or kind.is_decimal():
        series = series.cast(pl.Float64).fill_nan(None)
        times = _epoch_decimal(series)
    elif kind == pl.String:
        series = _without_blanks(series)
        times = _strings(series, timezone)
    else:
        times = pl.Series(series.name, [None], dtype=TIME).new_from_index(0, len(series))
    return times, series.is_not_null() & times.is_null()


def _check_zone(timezone: str) -> None:
    try:
        pl.Series([0], dtype=pl.Datetime("ms")).dt.replace_time_zone(timezone)
    except pl.exceptions.PolarsError:
        raise UnspoolError(
            "The time zone of the input is not known.",
            f"{timezone!r} was given.",
            "Give a name such as Europe/Berlin or UTC with --timezone.",
            exit_code=2,
        ) from None


def _placed(naive: pl.Series, timezone: str) -> pl.Series:
    placed = naive.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return placed.dt.convert_time_zone("UTC")


def blank(text: pl.Series) -> pl.Series:
    """Which cells hold white space only, or what other programs write for nothing."""
    return text.str.strip_chars(WHITE).str.to_lowercase().is_in(BLANKS)


def _without_blanks(series: pl.Series) -> pl.Series:
    return series.str.strip_chars(WHITE).set(blank(series), None)


def _strings(series: pl.Series, timezone: str) -> pl.Series:
    """ISO times, the form of the first one read at once; what is left by pattern, or as an epoch number."""
    times = _common(series, timezone)
    left = times.is_null() & series.is_not_null()
    if not left.any():
        return times
    rest = series.filter(left)
    whole = rest.set(~rest.str.contains(WHOLE), None).cast(pl.Int64, strict=False)
    decimal = rest.set(~rest.str.contains(NUMBER), None).cast(pl.Float64, strict=False)
    found = _iso(rest, timezone)
    for numbers in (_epoch_whole(whole), _epoch_decimal(decimal)):
        found = found.zip_with(found.is_not_null(), numbers)
    return times.scatter(left.arg_true(), found)


def _common(series: pl.Series, timezone: str) -> pl.Series:
    """The times of the common form that the first value has; null for every other form."""
    first = series.drop_nulls().head(1)
    for form in COMMON:
        if first.str.to_datetime(form, strict=False, time_unit="ms").count():
            times = series.str.to_datetime(form, strict=False, time_unit="ms")
            times = times if form.endswith("z") else _placed(times, timezone)
            # The fast reader takes years of any length; the pattern wants four digits.
            return times.set(~times.dt.year().is_between(1000, 9999), None)
    return pl.Series(series.name, [None], dtype=TIME).new_from_index(0, len(series))


def _iso(series: pl.Series, timezone: str) -> pl.Series:
    part = pl.col("part").struct.field
    number = {name: part(name).cast(pl.Int64, strict=False).fill_null(0) for name in ("hour", "minute", "second")}
    offset = part("hours").cast(pl.Int64).fill_null(0) * 60 + part("minutes").cast(pl.Int64).fill_null(0)
    seconds = number["hour"] * 3600 + number["minute"] * 60 + number["second"]
    fraction = part("fraction").fill_null("").str.pad_end(3, "0").str.slice(0, 3).cast(pl.Int64)
    local = part("date").str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ms")) + pl.duration(
        milliseconds=seconds * 1000 + fraction
    )
    frame = series.alias("text").to_frame().select(part=pl.col("text").str.extract_groups(ISO))
    frame = frame.select(
        local=local,
        shift=pl.when(part("sign") == "-").then(-offset).otherwise(offset),
        placed=part("zone").is_not_null() | part("sign").is_not_null(),
    )
    exact = (frame["local"] - frame.select(pl.duration(minutes="shift")).to_series()).dt.replace_time_zone("UTC")
    if not (naive := ~frame["placed"]).any():
        return exact.alias(series.name)
    return _placed(frame["local"], timezone).zip_with(naive, exact).alias(series.name)


def _epoch_whole(series: pl.Series) -> pl.Series:
    value = pl.col("value")
    scaled = value // 1_000_000
    for below, times, by in reversed(EPOCH_STEPS):
        scaled = pl.when(value < below).then(value * times // by).otherwise(scaled)
    return _epoch(series.cast(pl.Int64, strict=False), scaled)


def _epoch_decimal(series: pl.Series) -> pl.Series:
    value = pl.col("value")
    scaled = value / 1_000_000
    for below, times, by in reversed(EPOCH_STEPS):
        scaled = pl.when(value < below).then(value * times / by).otherwise(scaled)
    return _epoch(series.cast(pl.Float64), scaled.round())


def _epoch(series: pl.Series, scaled: pl.Expr) -> pl.Series:
    value = pl.col("value")
    milliseconds = pl.when(value.is_between(EPOCH_MIN, 2**63, closed="left")).then(scaled).cast(pl.Int64, strict=False)
    return series.alias("value").to_frame().select(milliseconds.cast(TIME)).to_series().alias(series.name)
