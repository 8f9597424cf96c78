"""Reading labelled boundaries, finding their prompts in a study, and the table of scores."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from unspool.compiling.pseudonyms import Pseudonyms
from unspool.errors import UnspoolError
from unspool.threads._gold import GOLD, read_gold, score

KEY = Pseudonyms(bytes(range(32)))
START = datetime(2023, 1, 23, 12, tzinfo=UTC)
PAIR_HEADER = "user\tprevious_timestamp\ttimestamp\tlabel_1\tlabel_2\n"
ROW_HEADER = "user\ttimestamp\tquery\tmission\n"


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def write(tmp_path: Path, content: str, name: str = "gold.tsv") -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


def study(rows: list[tuple[str, float, str]]) -> pl.DataFrame:
    """Prompts (user, minute, text) as a study holds them."""
    return pl.DataFrame(
        {
            "prompt_id": [f"p{i}" for i in range(len(rows))],
            "user_id": KEY.ids(pl.Series([user for user, _, _ in rows], dtype=pl.String), "user"),
            "time": pl.Series([at(minute) for _, minute, _ in rows], dtype=pl.Datetime("ms", "UTC")),
            "text": pl.Series([text for _, _, text in rows], dtype=pl.String),
        }
    )


def threads(prompts: pl.DataFrame, ids: str) -> pl.DataFrame:
    return prompts.select("prompt_id", thread_id=pl.Series(list(ids), dtype=pl.String))


def gold(rows: list[tuple[str, float, float, bool | None]]) -> pl.DataFrame:
    """Pairs (user, minute, minute, new) without texts."""
    data = [(user, at(before), at(after), new, None, None) for user, before, after, new in rows]
    return pl.DataFrame(data, schema=GOLD, orient="row")


def row(table: pl.DataFrame, rule: str) -> dict[str, object]:
    return table.row(by_predicate=pl.col("rule") == rule, named=True)


def test_pairs_are_read_with_offsets_and_disagreement(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        PAIR_HEADER
        + "u\t2023-01-23T20:00:00.123+08:00\t2023-01-23 12:00:01Z\tsame\tsame\n"
        + "u\t2023-01-23 12:00:01\t2023-01-23T12:00:02.5\tnew\tsame\n",
    )
    found = read_gold(path)
    assert dict(found.schema) == GOLD
    assert found["previous_time"].to_list() == [at(0).replace(microsecond=123000), at(0).replace(second=1)]
    assert found["time"].to_list() == [at(0).replace(second=1), at(0).replace(second=2, microsecond=500000)]
    assert found["new"].to_list() == [False, None]


def test_one_label_in_a_csv_file_with_quotes_and_texts(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "text,previous_text,user,timestamp,previous_timestamp,label,sure\n"
        '"a fox, in snow","a ""fox""",u,2023-01-23T12:01:00,2023-01-23T12:00:00,new,yes\n',
        "gold.csv",
    )
    assert read_gold(path).rows() == [("u", at(0), at(1), True, 'a "fox"', "a fox, in snow")]


def test_prompts_with_threads_become_adjacent_pairs_and_clicks_collapse(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        ROW_HEADER
        + "v\t2023-01-23 12:00:00\tcat\t7\n"
        + "u\t2023-01-23 12:02:00\ta dog\t2\n"
        + 'u\t2023-01-23 12:00:00\ta "fox\t1\n'
        + 'u\t2023-01-23 12:00:00\ta "fox\t1\n'
        + 'u\t2023-01-23 12:01:00\ta "fox\t1\n',
    )
    assert read_gold(path).rows() == [
        ("u", at(0), at(1), False, 'a "fox', 'a "fox'),
        ("u", at(1), at(2), True, 'a "fox', "a dog"),
    ]


@pytest.mark.parametrize("header", [PAIR_HEADER, ROW_HEADER])
def test_a_file_without_rows_has_no_pairs(tmp_path: Path, header: str) -> None:
    found = read_gold(write(tmp_path, header))
    assert (found.height, dict(found.schema)) == (0, GOLD)


def test_one_row_and_identical_rows_have_no_pairs(tmp_path: Path) -> None:
    line = "u\t2023-01-23 12:00:00\ta fox\t1\n"
    assert read_gold(write(tmp_path, ROW_HEADER + line)).is_empty()
    assert read_gold(write(tmp_path, ROW_HEADER + line * 3)).is_empty()


PAIR = "u\t2023-01-23T12:00:00\t2023-01-23T12:01:00\tnew\tnew\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("user\ttimestamp\tlabel\nu\t2023-01-23T12:00:00\tnew\n", "lack previous_timestamp. The columns are user"),
        ("user\ttimestamp\tmission\nu\t2023-01-23T12:00:00\t1\n", "lack text"),
        (PAIR_HEADER + PAIR + PAIR.replace("new\n", "old\n"), "Line 3 of gold.tsv has no usable label_2. It is 'old'"),
        (PAIR_HEADER + PAIR.replace("T12:01:00", "T25:01:00"), "Line 2 of gold.tsv has no usable timestamp. It is"),
        (PAIR_HEADER + PAIR.replace("2023-01-23T12:00:00", "noon"), "no usable previous_timestamp. It is 'noon'"),
        (PAIR_HEADER + PAIR[1:], "Line 2 of gold.tsv has no usable user. It is empty"),
        (PAIR_HEADER + PAIR.replace("T12:01", "T11:59"), "Put the earlier prompt first"),
        (PAIR_HEADER + PAIR * 2, "Give each pair once"),
        (ROW_HEADER + "u\t2023-01-23 12:00:00\tfox\t1\nu\t2023-01-23 12:00:00\tfox\t2\n", "one prompt one thread"),
        (PAIR_HEADER + "u\t1\t2\t3\t4\t5\t6\n", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_malformed_labels_are_one_error_that_says_where(tmp_path: Path, content: str, expected: str) -> None:
    with pytest.raises(UnspoolError) as caught:
        read_gold(write(tmp_path, content))
    assert expected in str(caught.value)
    assert caught.value.do


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_is_no_text_or_not_there(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "gold.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnspoolError, match=r"gold\.tsv cannot be read"):
        read_gold(path)


def test_scores_by_hand() -> None:
    # u: pairs new, same, same; predicted new, new, same. v: pair new, predicted same.
    prompts = study([("u", 0, "a"), ("u", 1, "b"), ("u", 2, "c"), ("u", 3, "d"), ("v", 0, "e"), ("v", 1, "f")])
    labels = gold([("u", 0, 1, True), ("u", 1, 2, False), ("u", 2, 3, False), ("v", 0, 1, True)])
    table = score(prompts, {"mine": threads(prompts, "123344")}, labels, KEY)
    found = row(table, "mine")
    assert [found[name] for name in ("n_pairs", "n_lost", "n_disagreed", "n_users")] == [4, 0, 0, 2]
    # 1 hit, 1 false, 1 missed, 1 same in both.
    assert [found[name] for name in ("precision", "recall", "f1", "f1_same")] == [1 / 2, 1 / 2, 1 / 2, 1 / 2]
    # Window 2 pairs. u: gold 10 00, predicted 11 10: both windows differ in number, the second in kind. v is one
    # window of its only pair: 1 against 0. WindowDiff 3/3, Pk 2/3.
    assert (found["window"], found["window_diff"], found["pk"]) == (2, 1.0, pytest.approx(2 / 3))
    # Items of u: labelled {a} {b c d}, predicted {a} {b} {c d}; of v: labelled {e} {f}, predicted {e f}.
    # Precision 1 1 1 1 1/2 1/2: 5 of 6. Recall 1 1/3 2/3 2/3 1 1: 14/3 of 6.
    assert found["bcubed_precision"] == pytest.approx(5 / 6)
    assert found["bcubed_recall"] == pytest.approx(14 / 18)
    assert table["rule"].to_list() == ["mine", "always", "never"]


def test_the_baselines_and_a_perfect_rule() -> None:
    prompts = study([("u", 0, "a"), ("u", 1, "b"), ("u", 2, "c"), ("v", 0, "d"), ("v", 1, "e"), ("v", 2, "f")])
    labels = gold([("u", 0, 1, True), ("u", 1, 2, False), ("v", 0, 1, False), ("v", 1, 2, True)])
    table = score(prompts, {"gold": threads(prompts, "122334")}, labels, KEY)
    perfect, always, never = (row(table, rule) for rule in ("gold", "always", "never"))
    for name in ("precision", "recall", "f1", "f1_same", "bcubed_f1"):
        assert perfect[name] == 1
    assert (perfect["f1_low"], perfect["f1_high"]) == (None, None)  # two users, both right: no error to see
    assert (perfect["window_diff"], perfect["pk"]) == (0, 0)
    # Half of the pairs are new: f1 of always is 2*2 / (2*2 + 2).
    assert (always["precision"], always["recall"], always["f1"], always["f1_same"]) == (
        1 / 2,
        1,
        pytest.approx(2 / 3),
        0,
    )
    assert (never["precision"], never["recall"], never["f1"], never["bcubed_recall"]) == (None, 0, 0, 1)
    assert "precision: undefined" in str(never["note"])


def test_pairs_whose_prompts_are_missing_are_lost_and_others_between_do_no_harm() -> None:
    prompts = study([("u", 0, "a"), ("u", 1, "between"), ("u", 2, "c"), ("u", 9, "d")])
    labels = gold([("u", 0, 2, False), ("u", 2, 5, True), ("w", 0, 2, True), ("u", 2, 9, None)])
    found = row(score(prompts, {"mine": threads(prompts, "1212")}, labels, KEY), "mine")
    assert [found[name] for name in ("n_pairs", "n_lost", "n_disagreed", "n_users")] == [1, 2, 1, 1]
    # a and c are in one thread, whatever the prompt between them is in.
    assert found["f1_same"] == 1
    assert found["f1_same_low"] is None
    assert "1 user(s)" in str(found["note"])


def test_a_lost_pair_ends_a_run() -> None:
    # Four labelled pairs, of which the second is lost (no prompt at minute 2) and with it the third: two runs of two
    # items, labelled {a b} and {c d}, predicted {a b} and {c} {d}. Recall 1 1 1/2 1/2: 3 of 4. Were they one run, it
    # would hold three items and have 2/3 2/3 1/3.
    prompts = study([("u", 0, "a"), ("u", 1, "b"), ("u", 3, "c"), ("u", 4, "d")])
    labels = gold([("u", i, i + 1, False) for i in range(4)])
    found = row(score(prompts, {"mine": threads(prompts, "1123")}, labels, KEY), "mine")
    assert (found["n_pairs"], found["n_lost"]) == (2, 2)
    assert (found["bcubed_precision"], found["bcubed_recall"]) == (1, 3 / 4)


def test_two_prompts_of_one_moment_do_not_join_runs() -> None:
    # The pairs a-b and c-d touch in time, not in a prompt: recall as above, 3 of 4.
    prompts = study([("u", 0, "a"), ("u", 1, "b"), ("u", 1, "c"), ("u", 2, "d")])
    labels = gold([("u", 0, 1, False), ("u", 1, 2, False)]).with_columns(
        previous_text=pl.Series(["a", "c"]), text=pl.Series(["b", "d"])
    )
    found = row(score(prompts, {"mine": threads(prompts, "1123")}, labels, KEY), "mine")
    assert (found["bcubed_precision"], found["bcubed_recall"]) == (1, 3 / 4)


def test_users_are_found_by_id_by_name_and_by_pseudonym() -> None:
    prompts = study([("maya", 0, "a"), ("maya", 1, "b")])
    pseudonym = prompts["user_id"][0]
    for user in ("maya", " @Maya", pseudonym):
        found = score(prompts, {}, gold([(user, 0, 1, False)]), KEY)
        assert row(found, "never")["n_pairs"] == 1, user
    assert row(score(prompts, {}, gold([("may", 0, 1, False)]), KEY), "never")["n_lost"] == 1


def test_repeated_clicks_match_the_last_before_and_the_first_after() -> None:
    # a was clicked three times, b twice; all are prompts. Threads: the last a and the first b are together.
    prompts = study([("u", 0, "a"), ("u", 0, "a"), ("u", 0, "a"), ("u", 1, "b"), ("u", 1, "b"), ("u", 2, "c")])
    labels = gold([("u", 0, 1, False), ("u", 1, 2, False)])
    found = row(score(prompts, {"mine": threads(prompts, "112234")}, labels, KEY), "mine")
    assert found["f1_same"] == pytest.approx(2 / 3)
    # One run of three items, although the b of the first pair is not the same row as that of the second:
    # labelled {a b c}, predicted {a b} {c}; recall 2/3 2/3 1/3 of 3.
    assert found["bcubed_recall"] == pytest.approx(5 / 9)


def test_the_text_decides_between_prompts_of_one_moment() -> None:
    prompts = study([("u", 0, "a"), ("u", 1, "b"), ("u", 1, "c"), ("u", 2, "d")])
    mine = {"mine": threads(prompts, "1213")}
    labels = gold([("u", 0, 1, False)])
    # Without a text the first of the moment, b, is taken: another thread. With it c: the same one.
    assert row(score(prompts, mine, labels, KEY), "mine")["f1_same"] == 0
    worded = labels.with_columns(text=pl.lit(" c"))
    assert row(score(prompts, mine, worded, KEY), "mine")["f1_same"] == 1
    # A moment with one prompt needs no text; one with several and none of that text is lost.
    assert row(score(prompts, mine, worded.with_columns(previous_text=pl.lit("cleaned")), KEY), "mine")["n_pairs"] == 1
    assert row(score(prompts, mine, worded.with_columns(text=pl.lit("e")), KEY), "mine")["n_lost"] == 1


@pytest.mark.parametrize("labels", [gold([]), gold([("nobody", 0, 1, True)]), gold([("u", 0, 1, None)])])
def test_nothing_to_score_gives_null_and_a_reason(labels: pl.DataFrame) -> None:
    prompts = study([("u", 0, "a"), ("u", 1, "b")])
    table = score(prompts, {"mine": threads(prompts, "12")}, labels, KEY)
    assert table["n_pairs"].to_list() == [0, 0, 0]
    assert table["f1"].null_count() == table["window"].null_count() == table["bcubed_f1_low"].null_count() == 3
    assert all("0 user(s)" in note for note in table["note"])


def test_an_empty_study_loses_every_pair() -> None:
    found = score(study([]), {}, gold([("u", 0, 1, True)]), KEY)
    assert found["n_lost"].to_list() == [1, 1]


def test_threads_that_do_not_cover_the_study_are_an_error() -> None:
    prompts = study([("u", 0, "a"), ("u", 1, "b")])
    with pytest.raises(UnspoolError, match="rule mine do not cover"):
        score(prompts, {"mine": threads(prompts, "11").head(1)}, gold([("u", 0, 1, True)]), KEY)


def test_the_seed_and_the_order_of_labels_decide_nothing_else() -> None:
    generator = np.random.default_rng(0)
    prompts = study([(f"u{u}", minute, "x") for u in range(12) for minute in range(6)])
    labels = gold([(f"u{u}", m, m + 1, bool(generator.random() < 0.4)) for u in range(12) for m in range(5)])
    ids = "".join("0123456789abcdef"[min(15, i // 5)] for i in range(72))
    rules = {"mine": threads(prompts, ids)}
    first = score(prompts, rules, labels, KEY, seed=1, draws=200)
    assert first.equals(score(prompts, rules, labels.sample(fraction=1, shuffle=True, seed=3), KEY, seed=1, draws=200))
    other = score(prompts, rules, labels, KEY, seed=2, draws=200)
    assert first["f1"].equals(other["f1"])
    assert not first["f1_low"].equals(other["f1_low"])
    assert first.select((pl.col("f1_low") <= pl.col("f1")) & (pl.col("f1") <= pl.col("f1_high"))).to_series().all()
