"""The grouping rules iou, overlap, gap and given, on cases worked by hand and on generated prompts."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import ModuleType

import polars as pl
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from unspool.errors import UnspoolError
from unspool.threads import check_needs, gap, given, iou, overlap
from unspool.threads._assign import assign
from unspool.threads._tokens import shared

START = datetime(2023, 1, 23, 12, tzinfo=UTC)
RULES = (iou, overlap, gap, given)
SIMILARITY = (iou, overlap)


def prompts(texts: list[str | None], users: list[str] | None = None) -> pl.DataFrame:
    """A prompts table with one prompt a minute, each in the given thread "t"."""
    n = len(texts)
    return pl.DataFrame(
        {
            "user_id": users or ["u"] * n,
            "time": [START + timedelta(minutes=i) for i in range(n)],
            "text": texts,
            "given_thread_id": ["t"] * n,
        },
        schema={
            "user_id": pl.String,
            "time": pl.Datetime("ms", "UTC"),
            "text": pl.String,
            "given_thread_id": pl.String,
        },
    )


def starts(rule: ModuleType, texts: list[str | None], **options: object) -> list[bool]:
    return rule.starts(prompts(texts), **options).to_list()


words = st.lists(st.sampled_from(["fox", "Fox", "fox,", "oil", "neon", "8k", "über"]), max_size=6).map(" ".join)
logs = st.lists(st.tuples(st.sampled_from("abc"), words), max_size=30).map(
    lambda rows: sorted(rows, key=lambda r: r[0])
)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_tells_its_title_and_citation(rule: ModuleType) -> None:
    assert rule.TITLE
    assert rule.CITATION


@pytest.mark.parametrize("rule", RULES)
def test_no_prompt_one_prompt_and_identical_prompts(rule: ModuleType) -> None:
    empty = rule.starts(prompts([]))
    assert (empty.len(), empty.dtype, empty.name) == (0, pl.Boolean, "starts")
    assert starts(rule, ["a fox"]) == [True]
    assert starts(rule, ["a fox"] * 4) == [True, False, False, False]


@pytest.mark.parametrize("rule", RULES)
def test_the_first_prompt_of_each_user_starts_a_thread(rule: ModuleType) -> None:
    frame = prompts(["a fox"] * 4, ["u", "u", "v", "v"])
    assert rule.starts(frame).to_list() == [True, False, True, False]


@pytest.mark.parametrize("rule", RULES)
@for_all(log=logs)
def test_a_user_is_cut_the_same_whoever_else_is_in_the_log(rule: ModuleType, log: list[tuple[str, str]]) -> None:
    frame = prompts([text for _, text in log], [user for user, _ in log])
    together = frame.with_columns(rule.starts(frame))
    for user in frame["user_id"].unique():
        alone = frame.filter(user_id=user)
        assert rule.starts(alone).to_list() == together.filter(user_id=user)["starts"].to_list()


def test_iou_counts_lower_cased_words_once() -> None:
    # {a, fox, in, snow} and {a, fox, in, the, rain}: 3 shared of 6 = .5; fox, in twice and capitals change nothing.
    texts = ["A FOX, a fox in snow", "a fox in the rain!"]
    assert starts(iou, texts, threshold=0.5) == [True, False]
    assert starts(iou, texts, threshold=0.51) == [True, True]


def test_iou_of_exactly_the_threshold_continues() -> None:
    # 3 shared; 6 + 7 - 3 = 10 in either: 3/10. With one word more, 3/11 = .27.
    assert starts(iou, ["a b c d e f", "a b c p q r s"]) == [True, False]
    assert starts(iou, ["a b c d e f", "a b c p q r s t"]) == [True, True]


def test_iou_on_whitespace_tokens_keeps_case_and_punctuation() -> None:
    # words: {red, fox, oil} twice, 3/3. whitespace: {Red, fox,, oil} and {red, fox, oil}: 1 shared of 5 = .2.
    texts = ["Red fox, oil", "red fox oil"]
    assert starts(iou, texts) == [True, False]
    assert starts(iou, texts, tokens="whitespace") == [True, True]


def test_iou_cuts_words_at_every_script_and_blank() -> None:
    # Both are {ein, über, fuchs, 狐}: tabs, line breaks, runs of blanks and dashes separate, umlauts do not.
    assert starts(iou, ["Ein Über-Fuchs 狐", "ein\tüber  fuchs\n狐"], threshold=1.0) == [True, False]


def test_overlap_divides_by_the_smaller_set() -> None:
    # 3 shared; sets of 10 and 20: 3/10 = .3 continues, although the intersection over union is 3/27 = .11.
    small = "a b c " + " ".join(f"s{i}" for i in range(7))
    large = "a b c " + " ".join(f"l{i}" for i in range(17))
    assert starts(overlap, [small, large]) == [True, False]
    assert starts(iou, [small, large]) == [True, True]


def test_overlap_minds_case_and_punctuation() -> None:
    # {Fox,, oil, neon, art} and {fox, oil, ...}: only oil, 1/4 = .25.
    assert starts(overlap, ["Fox, oil neon art", "fox oil cold warm dim"]) == [True, True]
    # words: fox and oil, 2/4.
    assert starts(overlap, ["Fox, oil neon art", "fox oil cold warm dim"], tokens="words") == [True, False]


@pytest.mark.parametrize("rule", SIMILARITY)
def test_a_prompt_without_words_starts_a_thread_unless_it_repeats_the_text(rule: ModuleType) -> None:
    texts = ["a fox", "", "", "a fox", " ", ""]
    assert starts(rule, texts) == [True, True, False, True, True, True]
    assert starts(rule, texts, threshold=0.0) == [True, True, False, True, True, True]
    assert starts(rule, ["!!", "!!", "??"], tokens="words") == [True, False, True]


@pytest.mark.parametrize("rule", SIMILARITY)
def test_a_null_text_is_one_without_words(rule: ModuleType) -> None:
    assert starts(rule, ["a fox", None, None, "a fox"]) == [True, True, False, True]


@pytest.mark.parametrize("rule", SIMILARITY)
@pytest.mark.parametrize(("threshold", "expected"), [(0.0, [True, False]), (1.0, [True, True])])
def test_the_ends_of_the_range_of_thresholds(rule: ModuleType, threshold: float, expected: list[bool]) -> None:
    assert starts(rule, ["a fox", "two dogs"], threshold=threshold) == expected


@pytest.mark.parametrize("rule", SIMILARITY)
@for_all(log=logs, low=st.floats(0, 1), high=st.floats(0, 1))
def test_a_higher_threshold_keeps_every_boundary(
    rule: ModuleType, log: list[tuple[str, str]], low: float, high: float
) -> None:
    frame = prompts([text for _, text in log], [user for user, _ in log])
    few = rule.starts(frame, threshold=min(low, high))
    many = rule.starts(frame, threshold=max(low, high))
    assert (many | ~few).all()


@pytest.mark.parametrize("rule", SIMILARITY)
@for_all(texts=st.lists(words, min_size=1, max_size=12), threshold=st.floats(0, 1))
def test_reading_a_log_backwards_cuts_between_the_same_prompts(
    rule: ModuleType, texts: list[str], threshold: float
) -> None:
    forward = starts(rule, list(texts), threshold=threshold)[1:]
    backward = starts(rule, list(reversed(texts)), threshold=threshold)[1:]
    assert forward == backward[::-1]


@pytest.mark.parametrize(
    ("tokens", "plain"),
    [("whitespace", str.split), ("words", lambda text: re.findall(r"\w+", text.lower()))],
)
@for_all(texts=st.lists(st.text(st.sampled_from("aAbB éÉ狐,.- \t\n_9"), max_size=20), max_size=20))
def test_token_sets_are_those_of_plain_python(tokens: str, plain: Callable[[str], list[str]], texts: list[str]) -> None:
    sets = [set(plain(text)) for text in texts]
    counts = shared(pl.Series(texts, dtype=pl.String), tokens)
    assert counts.size.tolist() == [len(words) for words in sets]
    assert counts.before[1:].tolist() == counts.size[:-1].tolist()
    assert counts.both[1:].tolist() == [len(a & b) for a, b in pairwise(sets)]


@pytest.mark.parametrize("rule", SIMILARITY)
@pytest.mark.parametrize(
    "options", [{"threshold": -0.1}, {"threshold": 1.1}, {"threshold": float("nan")}, {"tokens": "x"}]
)
def test_wrong_options_are_refused(rule: ModuleType, options: dict[str, object]) -> None:
    with pytest.raises(UnspoolError) as caught:
        starts(rule, ["a fox"], **options)
    assert caught.value.exit_code == 2
    assert str(next(iter(options.values()))) in str(caught.value)


def test_gap_cuts_after_more_than_thirty_minutes() -> None:
    seconds = [0, 1800, 3600.001, 3630.001]
    times = pl.Series([START + timedelta(seconds=s) for s in seconds], dtype=pl.Datetime("ms", "UTC"))
    frame = prompts(["a"] * 4).with_columns(time=times)
    # Pauses of 30 minutes, 30 minutes and a millisecond, and half a minute.
    assert gap.starts(frame).to_list() == [True, False, True, False]
    assert gap.starts(frame, minutes=31).to_list() == [True, False, False, False]
    assert gap.starts(frame, minutes=0.5).to_list() == [True, True, True, False]
    assert gap.starts(frame, minutes=0).to_list() == [True, True, True, True]


def test_gap_starts_a_thread_where_a_time_is_unknown() -> None:
    times = [START, None, None, START, START]
    frame = prompts(["a"] * 5).with_columns(time=pl.Series(times, dtype=pl.Datetime("ms", "UTC")))
    assert gap.starts(frame).to_list() == [True, True, True, True, False]


def test_gap_needs_times_and_a_pause_that_can_be() -> None:
    frame = prompts(["a"] * 2).with_columns(time=pl.lit(None, pl.Datetime("ms", "UTC")))
    with pytest.raises(UnspoolError, match="does not give it"):
        check_needs("gap", frame.lazy())
    assert gap.starts(frame).to_list() == [True, True]  # one part of a study may have none
    with pytest.raises(UnspoolError, match="-1 minutes"):
        gap.starts(prompts(["a"]), minutes=-1)


def test_given_cuts_where_the_id_changes() -> None:
    ids = ["1", "1", "2", "1", None, None, "1", "1"]
    frame = prompts(["a"] * 8).with_columns(given_thread_id=pl.Series(ids))
    # The id 1 returns after 2 and after nulls: a boundary between neighbours each time.
    assert given.starts(frame).to_list() == [True, False, True, True, True, True, True, False]


def test_given_threads_may_be_left_and_taken_up_again() -> None:
    ids, users = ["1", "2", "1", None, None, "2", "1", "1"], ["u"] * 6 + ["v"] * 2
    frame = prompts(["a"] * 8).with_columns(
        given_thread_id=pl.Series(ids), user_id=pl.Series(users), prompt_id=pl.Series(list("abcdefgh"))
    )
    # Of u: a and c (id 1), b and f (id 2), d and e alone; of v: g and h, whose id 1 is not that of u.
    found = assign(frame, "given")
    assert found["thread_id"].to_list() == ["a", "b", "a", "d", "e", "b", "g", "g"]
    assert found["step"].to_list() == [1, 1, 2, 1, 1, 2, 1, 2]
    assert found["steps_left"].to_list() == [1, 1, 0, 0, 0, 0, 1, 0]


def test_given_needs_ids() -> None:
    without = prompts(["a"])
    for frame in (
        without.drop("given_thread_id", strict=False),
        without.with_columns(given_thread_id=pl.lit(None, pl.String)),
    ):
        with pytest.raises(UnspoolError, match="does not give it"):
            check_needs("given", frame.lazy())
    check_needs("given", without.with_columns(given_thread_id=pl.lit("1")).lazy())
    check_needs("given", without.clear().with_columns(given_thread_id=pl.lit("1")).lazy())
