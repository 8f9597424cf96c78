import numpy as np
import polars as pl
from tests.analyses.grids import world

from unspool.analyses import Measured, Settings
from unspool.analyses import _captions as captions
from unspool.analyses._captions import CONTENT, OTHER, STYLE, captioned, of_other_threads, of_others, plain
from unspool.analyses._steps import steps


def prompts(*rows):
    """Prompts from (user, thread, step, left, text, captions)."""
    names = ["user_id", "thread_id", "step", "steps_left", "text", "captions"]
    kinds = {"step": pl.UInt32, "steps_left": pl.UInt32, "captions": pl.List(pl.String), "text": pl.String}
    return Measured(pl.DataFrame(rows, schema=names, schema_overrides=kinds, orient="row").lazy(), "iou", {})


def content(said, place):
    """The content words at a place."""
    return set(said.word[(said.place == place) & (said.family == CONTENT)].tolist())


def test_plurals_meet_their_singulars():
    pairs = {
        **{"cats": "cat", "boxes": "box", "dresses": "dress", "ladies": "lady", "movies": "movie", "witches": "witch"},
        **{"houses": "house", "trees": "tree", "glass": "glass", "cactus": "cactus"},
    }
    one, other = plain(pl.Series(list(pairs))), plain(pl.Series(list(pairs.values())))
    assert one.to_list() == other.to_list()
    assert plain(pl.Series(["cat", "car", "as", "bus"])).to_list() == ["cat", "car", "as", "bus"]


def test_words_of_prompts_and_of_captions_share_a_vocabulary():
    log = prompts(
        ("a", "1", 1, 1, "a fox, oil painting", ["a fox", None, "two Foxes and a hen"]),
        ("a", "1", 2, 0, "a fox and hens", None),
    )
    found = captioned(log)
    assert found is not None
    assert found.n_images.tolist() == [2, 0]
    first, second = (content(found.said, place) for place in (0, 1))
    (fox,), (hen,) = first & second, second - first
    assert found.shown.hold(np.array([0, 0, 1]), np.array([fox, hen, hen])).tolist() == [True, True, False]
    assert found.shown.count(np.array([0, 0]), np.array([fox, hen])).tolist() == [2, 1]
    assert sorted(found.said.family[found.said.place == 0].tolist()) == [OTHER, CONTENT, STYLE, STYLE]


def test_what_is_negated_is_no_content():
    found = captioned(prompts(("a", "1", 1, 0, "a fox, no hens", ["a fox"])))
    assert found is not None
    assert (found.said.family == CONTENT).sum() == 1


def test_no_captions():
    assert captioned(prompts(("a", "1", 1, 0, "a fox", None))) is None
    assert captioned(prompts(("a", "1", 1, 0, "a fox", []))) is None
    assert captioned(prompts()) is None
    assert captioned(Measured(prompts().prompts.drop("captions"), "iou", {})) is None


def test_hostile_texts():
    text = "=cmd|' /C calc'!A0 <b>\u202e\x00 \ud7ff" + "x" * 10_000
    found = captioned(prompts(("a", "1", 1, 1, text, [text, ""]), ("a", "1", 2, 0, "", ["", "  "])))
    assert found is not None
    assert found.n_images.tolist() == [2, 2]
    assert found.shown.sizes(np.array([1])).tolist() == [0]


def test_a_sample_is_of_whole_users(monkeypatch):
    monkeypatch.setattr(captions, "MOST", 5)
    rows = [(f"u{u}", f"{u}", step, 3 - step, "a fox", ["a fox"]) for u in range(6) for step in (1, 2, 3)]
    found = captioned(prompts(*rows))
    assert found is not None
    # Three prompts each: one user fits under 5, the second would make it 6.
    assert found.steps.people.ids is not None and len(found.steps.people.ids) == 1
    assert len(found.steps.step) == 3
    assert found.note == "on a random sample of 1 of the 6 users who have captions"


def test_partners_are_others_at_the_same_step():
    made = world(1).coded()
    places = made.pairs
    other = of_others(made.steps, places)
    assert (other >= 0).all()
    assert (made.steps.user[other] != made.steps.user[places]).all()
    assert (made.steps.step[other] == made.steps.step[places]).all()
    assert len(np.unique(other)) == len(other)


def test_nobody_is_a_partner_of_himself():
    log = steps(prompts(*[("a", str(t), s, 2 - s, "a", None) for t in range(2) for s in (1, 2)]))
    assert of_others(log, log.pairs).tolist() == [-1, -1]
    assert of_others(log, log.pairs[:0]).tolist() == []


def test_other_threads_go_round():
    rows = [("a", t, s, 2 - s, "x", None) for t in ("1", "2", "3") for s in (1, 2)]
    log = steps(prompts(*rows, ("b", "4", 1, 1, "x", None), ("b", "4", 2, 0, "x", None)))
    # Threads 1, 2, 3 of a begin at places 0, 2, 4; b has one thread.
    assert of_other_threads(log, log.pairs).tolist() == [2, 4, 0, -1]


def test_the_seed_decides():
    frame = world(2, users=20).frame()
    one, other = (steps(Measured(frame.lazy(), "iou", {}, Settings(seed=seed))) for seed in (0, 1))
    assert of_others(one, one.pairs).tolist() != of_others(other, other.pairs).tolist()
