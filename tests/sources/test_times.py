"""Times: every written form by hand, and what comes back from any time that is written in one of them."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unspool.errors import UnspoolError
from unspool.sources import _times
from unspool.tables import TIME

NOON = datetime(2023, 6, 1, 12, tzinfo=UTC)


def one(value, zone="UTC", dtype=None):
    times, bad = _times.parse(pl.Series("t", [value], dtype=dtype), zone)
    assert times.dtype == TIME
    assert bad.dtype == pl.Boolean
    return times[0], bad[0]


@pytest.mark.parametrize(
    "text",
    [
        "2023-06-01T12:00:00Z",
        "2023-06-01T12:00:00.000000000Z",
        "2023-06-01 12:00:00 UTC",
        "2023-06-01T14:00:00+02:00",
        "2023-06-01T17:30+0530",
        "2023-06-01T07:00:00-05",
        "2023-06-01 12:00",
        "  2023-06-01T12:00:00  ",
        "1685620800",
        "1685620800000",
        "1685620800000000",
        "1685620800000000000",
        "1685620800.0",
        "1.6856208e9",
    ],
)
def test_written_forms_of_one_moment(text):
    assert one(text) == (NOON, False)


@pytest.mark.parametrize("text", ["", "   ", None, "None", "NaN", "null", "NaT"])
def test_blank_is_null_and_not_bad(text):
    assert one(text, dtype=pl.String) == (None, False)


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2023-02-30", "2023-06-01T25:00:00Z", "2023-13-01T00:00:00", "06/01/2023", "17", "1e400", "9" * 20],
)
def test_what_is_no_time_is_null_and_bad(text):
    assert one(text) == (None, True)


def test_fractions_have_any_number_of_digits_and_are_cut_to_milliseconds():
    texts = [f"2025-07-17T02:20:23{fraction}+08:00" for fraction in ("", ".5", ".51", ".510", ".5109", ".510999999")]
    times, bad = _times.parse(pl.Series(texts), "UTC")
    base = datetime(2025, 7, 16, 18, 20, 23, tzinfo=UTC)
    # .5 s is 500 ms, .51 and .510 are 510 ms; what is finer than a millisecond is cut, not rounded.
    assert times.to_list() == [base + timedelta(milliseconds=ms) for ms in (0, 500, 510, 510, 510, 510)]
    assert not bad.any()


def test_forms_may_differ_from_row_to_row():
    texts = ["2023-06-01T12:00:00Z", "2023-06-01 14:00:00", "1685620800", "2023-06-01T13:00:00+01:00", "x", None]
    times, bad = _times.parse(pl.Series(texts), "Europe/Berlin")
    assert times.to_list() == [NOON] * 4 + [None] * 2
    assert bad.to_list() == [False] * 4 + [True, False]


def test_years_have_four_digits_in_every_row():
    times, bad = _times.parse(pl.Series(["2023-06-01T12:00:00Z", "23-06-01T12:00:00Z", "12023-06-01T12:00:00Z"]), "UTC")
    assert (times.to_list(), bad.to_list()) == ([NOON, None, None], [False, True, True])


def test_naive_times_are_of_the_given_zone_through_summer_time():
    assert one("2023-06-01 14:00:00", "Europe/Berlin") == (NOON, False)
    assert one(date(2023, 6, 1), "Europe/Berlin")[0] == datetime(2023, 5, 31, 22, tzinfo=UTC)
    assert one("2023-03-26 02:30:00", "Europe/Berlin") == (None, True)  # The clocks went from 2:00 to 3:00.
    assert one("2023-10-29 02:30:00", "Europe/Berlin")[0] == datetime(2023, 10, 29, 0, 30, tzinfo=UTC)  # Told twice.


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Tokyo"])
def test_datetimes_of_any_unit_and_zone(unit, zone):
    series = pl.Series([NOON]).dt.convert_time_zone(zone) if zone else pl.Series([NOON.replace(tzinfo=None)])
    times, bad = _times.parse(series.dt.cast_time_unit(unit), "UTC")
    assert (times[0], times.dtype, bad[0]) == (NOON, TIME, False)


@pytest.mark.parametrize("value", [1685620800, 1685620800000, 1685620800.0, 1685620800000000, Decimal("1685620800.00")])
def test_epoch_numbers_by_size(value):
    assert one(value) == (NOON, False)


def test_small_numbers_are_ranks_and_not_times():
    times, bad = _times.parse(pl.Series([0, 1, 72, -5, None]), "UTC")
    assert times.null_count() == 5
    assert bad.to_list() == [True, True, True, True, False]
    assert one(float("nan")) == (None, False)
    assert one(float("inf")) == (None, True)


@pytest.mark.parametrize("dtype", [pl.String, pl.Int64, pl.Float64, pl.Datetime("us"), pl.Null, pl.Boolean])
def test_empty_and_all_null(dtype):
    for values in ([], [None, None]):
        times, bad = _times.parse(pl.Series("t", values, dtype=dtype), "UTC")
        assert (times.dtype, len(times), times.null_count(), bad.any()) == (TIME, len(values), len(values), False)


def test_other_types_are_bad():
    assert _times.parse(pl.Series([True]), "UTC")[1].all()
    assert _times.parse(pl.Series([["2023-06-01"]]), "UTC")[1].all()


def test_categories_are_read_as_strings():
    assert one("2023-06-01T12:00:00Z", dtype=pl.Categorical) == (NOON, False)


def test_unknown_zone_names_the_option():
    with pytest.raises(UnspoolError, match="--timezone") as caught:
        one("2023-06-01", "Mars/Olympus")
    assert caught.value.exit_code == 2


WHOLE_MILLISECONDS = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
)
OFFSETS = st.integers(-14 * 60, 14 * 60)


@settings(deadline=None)
@given(st.lists(st.tuples(WHOLE_MILLISECONDS, OFFSETS, st.sampled_from(["T", " "])), min_size=1, max_size=20))
def test_iso_round_trip_with_any_offset(moments):
    texts = [m.astimezone(timezone(timedelta(minutes=shift))).isoformat(mark) for m, shift, mark in moments]
    times, bad = _times.parse(pl.Series(texts), "UTC")
    assert times.to_list() == [moment for moment, _, _ in moments]
    assert not bad.any()


@settings(deadline=None)
@given(st.lists(WHOLE_MILLISECONDS, min_size=1, max_size=20))
def test_epoch_and_datetime_round_trip(moments):
    milliseconds = [round(moment.timestamp() * 1000) for moment in moments]
    for series in (
        pl.Series(milliseconds),
        pl.Series([str(ms) for ms in milliseconds]),
        pl.Series([ms / 1000 for ms in milliseconds]),
        pl.Series(moments),
    ):
        assert _times.parse(series, "UTC")[0].to_list() == moments


def test_a_cell_of_separators_is_blank():
    times, bad = _times.parse(pl.Series(["\x1f", " \x1c nan\x1e", "\x1d2023-01-02T03:04:05Z\x1f"]), "UTC")
    assert not bad.any() and times.null_count() == 2


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=20))
def test_no_text_breaks_the_reader(texts):
    times, bad = _times.parse(pl.Series(texts, dtype=pl.String), "UTC")
    blank = [text.strip().lower() in _times.BLANKS for text in texts]
    assert not (bad & pl.Series(blank, dtype=pl.Boolean)).any()
    assert not (bad & times.is_not_null()).any()
