"""Pairs for a preference model: each kind by hand, what must never be in one, and logs that know too little."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.audits.grid_logs import frame, prompt

from unspool import tables
from unspool.audits import _pairs
from unspool.audits._pairs import ACROSS, GRID, KINDS, MOST_PER_TEXT, PAIRS, REROLL, pairs


def found(*prompts, any_pair=True):
    rows = pairs(frame(*prompts), any_pair=any_pair)
    tables.check(rows, PAIRS, "test")
    return rows


def sides(rows, kind=None):
    """(chosen prompt, its image, rejected prompt, its image) of each pair."""
    rows = rows if kind is None else rows.filter(kind=kind)
    return rows.select("chosen_prompt_id", "chosen_image", "rejected_prompt_id", "rejected_image").rows()


# Images 1 and 3 of four were upscaled: each stands against 2 and 4, and not against the other.
def test_within_a_grid():
    rows = found(prompt("a", "red fox", images=[3, 1], params=[("aspect", "3:2")]))
    assert sides(rows) == [("a", 1, "a", 2), ("a", 1, "a", 4), ("a", 3, "a", 2), ("a", 3, "a", 4)]
    assert set(rows["kind"]) == {GRID} and rows["held_fixed"].all()
    assert rows.select("prompt", "rejected_prompt", "user_id", "thread_id", "step").unique().rows() == [
        ("red fox --aspect 3:2", "red fox --aspect 3:2", "u", "t", 1)
    ]


@pytest.mark.parametrize("images", [[], None, [1, 2, 3, 4], [2, 5]])
def test_a_grid_whose_rejected_images_are_not_known_has_no_pair(images):
    # [2, 5]: the grid is not one of four images, so nobody knows how many there were.
    assert sides(found(prompt("a", "red fox", True, images))) == []


def test_a_grid_without_a_known_person_is_a_pair_all_the_same():
    rows = found(prompt("a", "red fox", images=[4], user=None, thread=None, step=None))
    assert sides(rows) == [("a", 4, "a", 1), ("a", 4, "a", 2), ("a", 4, "a", 3)]


# Two grids of the text were upscaled (b, d) and two not (a, c): 2 x 2 pairs. e is of another person, f of other
# parameters, g of nobody known, and of h nobody knows whether it was upscaled.
def test_verbatim_rerolls():
    rows = found(
        prompt("a", "red fox", False, []),
        prompt("b", "red fox", images=[2], step=2),
        prompt("c", "red fox", False, [], step=3),
        prompt("d", "red fox", True, [], step=4),
        prompt("e", "red fox", False, [], user="v"),
        prompt("f", "red fox", False, [], params=[("aspect", "3:2")], thread="t2"),
        prompt("g", "red fox", False, [], user=None, thread=None),
        prompt("h", "red fox", thread="t3"),
        any_pair=False,
    )
    assert sides(rows, REROLL) == [
        ("b", 2, "a", None),
        ("b", 2, "c", None),
        ("d", None, "a", None),
        ("d", None, "c", None),
    ]
    assert set(rows.filter(kind=REROLL)["prompt"]) == {"red fox"}
    assert rows.filter(kind=REROLL)["held_fixed"].all()
    assert rows.filter(kind=REROLL)["step"].to_list() == [2, 2, 4, 4]


def test_a_reroll_of_several_upscaled_images_names_the_first():
    rows = found(prompt("a", "red fox", images=[4, 2]), prompt("b", "red fox", False, [], step=2))
    assert sides(rows, REROLL) == [("a", 2, "b", None)]


@pytest.mark.parametrize(
    "more",
    [
        {"links": 1},  # which image it was is not in the log
        {"params": [("sref", "<link>")]},
        {"params": [("seed", "7")]},  # the same images are drawn again
        {"action": "remix"},  # it is made from an image
    ],
)
def test_what_is_not_the_same_prompt_or_not_another_image_is_no_reroll(more):
    a, b = prompt("a", "red fox", images=[1], **more), prompt("b", "red fox", False, [], step=2, **more)
    assert sides(found(a, b), REROLL) == []
    assert sides(found(a, b), ACROSS) == []
    assert len(sides(found(a, b), GRID)) == 3


# Two prompts that both were new when they were sent were not equal then: something was taken out of them since.
@pytest.mark.parametrize(("actions", "n"), [(("grid", "reroll"), 1), (("reroll", "reroll"), 1), (("grid", "grid"), 0)])
def test_prompts_that_became_equal_are_no_rerolls(actions, n):
    a, b = prompt("a", "red fox", images=[1], action=actions[0]), prompt("b", "red fox", False, [], action=actions[1])
    assert len(sides(found(a, b), REROLL)) == n


def test_the_same_words_to_another_model_are_another_prompt():
    a, b = prompt("a", "red fox", images=[1], model="x"), prompt("b", "red fox", False, [], step=2, model="y")
    assert sides(found(a, b), REROLL) == []
    assert sides(found(a, b), ACROSS) == [("a", 1, "b", None)]


# 3 upscaled and 5 other grids of a text: 15 pairs, of which 10 are taken: first each of the three against another one
# (0-0, 1-1, 2-2), then against the next ones (0-1, 1-2, 2-3), (0-2, 1-3, 2-4), and 0-3 as the tenth.
def test_rerolls_of_a_text_are_capped_and_spread_over_its_grids():
    ups = [prompt(f"u{n}", "red fox", images=[1], step=n + 1) for n in range(3)]
    others = [prompt(f"o{n}", "red fox", False, [], step=n + 4) for n in range(5)]
    taken = [(chosen, other) for chosen, _, other, _ in sides(found(*ups, *others), REROLL)]
    expected = [("u0", f"o{n}") for n in range(4)] + [("u1", f"o{n}") for n in (1, 2, 3)]
    assert taken == [*expected, ("u2", "o2"), ("u2", "o3"), ("u2", "o4")]
    assert MOST_PER_TEXT == 10


def test_the_cap_is_for_each_text_of_each_person():
    many = [
        prompt(f"{user}{text}{n}", text, images=[1] if n % 2 else [], user=user, thread=user + text, step=n + 1)
        for user in "ab"
        for text in ("red fox", "blue hen")
        for n in range(30)
    ]
    rows = found(*many).filter(kind=REROLL)
    assert rows.group_by("user_id", "prompt").len()["len"].to_list() == [MOST_PER_TEXT] * 4


# a -> b: b was upscaled, a not; b -> c: neighbours, b upscaled; c -> d: neither; d -> e: the step between is missing;
# e -> f: equal prompts, a reroll; f -> g: another thread.
def test_across_prompts():
    rows = found(
        prompt("a", "red fox", False, []),
        prompt("b", "red fox in snow", images=[3], step=2),
        prompt("c", "red fox at night", False, [], step=3),
        prompt("d", "red fox at dusk", False, [], step=4),
        prompt("e", "fox", images=[1], step=6),
        prompt("f", "fox", False, [], step=7),
        prompt("g", "hen", images=[2], thread="t2"),
    ).filter(kind=ACROSS)
    assert sides(rows) == [("b", 3, "a", None), ("b", 3, "c", None)]
    assert rows.select("prompt", "rejected_prompt", "step", "held_fixed").rows() == [
        ("red fox in snow", "red fox", 2, False),
        ("red fox in snow", "red fox at night", 2, False),
    ]


def test_threads_may_interleave():
    rows = found(
        prompt("a", "red fox", images=[1], thread="t"),
        prompt("b", "blue hen", False, [], thread="s"),
        prompt("c", "red fox in snow", False, [], thread="t", step=2),
        prompt("d", "blue hen in snow", images=[2], thread="s", step=2),
    )
    assert sides(rows, ACROSS) == [("a", 1, "c", None), ("d", 2, "b", None)]


def test_across_prompts_only_when_asked():
    rows = found(prompt("a", "red fox", images=[1]), prompt("b", "hen", False, [], step=2), any_pair=False)
    assert set(rows["kind"]) == {GRID}


def test_the_parameters_alone_may_differ():
    rows = found(
        prompt("a", "red fox", images=[1], params=[("version", "5")]),
        prompt("b", "red fox", False, [], step=2, params=[("version", "6")]),
    ).filter(kind=ACROSS)
    assert rows.select("prompt", "rejected_prompt").row(0) == ("red fox --version 5", "red fox --version 6")


@pytest.mark.parametrize("prompts", [[], [prompt("a", "red fox")], [prompt("a", "red fox", False, [])]])
def test_logs_without_pairs(prompts):
    assert found(*prompts).height == 0


def test_a_log_that_does_not_know_upscales():
    assert found(*(prompt(f"p{n}", "red fox", step=n + 1) for n in range(4))).height == 0


def test_identical_prompts_that_were_all_upscaled():
    rows = found(*(prompt(f"p{n}", "red fox", images=[1], step=n + 1) for n in range(4)))
    assert set(rows["kind"]) == {GRID} and rows.height == 12


def test_columns_that_may_be_absent():
    rows = frame(prompt("a", "red fox", True, [1]), prompt("b", "red fox", False, [], step=2))
    told = pairs(rows.drop("upscaled_images", "n_image_links", "model"), any_pair=True)
    assert sides(told) == [("a", None, "b", None)]


def test_hostile_text_stays_as_it_is():
    texts = ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "\u202egnp.exe\x07", "x" * 10_000, ""]
    prompts = [prompt(f"{n}", text, images=[1], thread=str(n)) for n, text in enumerate(texts)]
    assert found(*prompts)["prompt"].unique(maintain_order=True).to_list() == texts


def log(draw_texts=("red fox", "hen"), users=("a", "b", None)):
    one = st.fixed_dictionaries(
        {
            "text": st.sampled_from(draw_texts),
            "user": st.sampled_from(users),
            "thread": st.sampled_from(["t", "s", None]),
            "said": st.one_of(st.none(), st.just([]), st.sets(st.integers(1, 4), min_size=1).map(sorted)),
            "unnumbered": st.booleans(),
            "params": st.sampled_from([(), (("aspect", "3:2"),), (("seed", "1"),)]),
            "links": st.sampled_from([0, 0, 1]),
        }
    )
    return st.lists(one, max_size=40)


def built(drawn):
    steps = {}
    for number, one in enumerate(drawn):
        place = None if one["thread"] is None else f"{one['user']}{one['thread']}"
        steps[place] = steps.get(place, 0) + 1
        upscaled = None if one["said"] is None else bool(one["said"]) or one["unnumbered"]
        yield prompt(
            str(number),
            one["text"],
            upscaled,
            one["said"],
            user=one["user"],
            thread=place,
            step=None if place is None else steps[place],
            params=one["params"],
            links=one["links"],
        )


@settings(deadline=None, max_examples=150)
@given(log())
def test_what_every_pair_is(drawn):
    prompts = {one["prompt_id"]: one for one in built(drawn)}
    rows = found(*prompts.values())
    assert rows.select(PAIRS.key).is_unique().all()
    for pair in rows.rows(named=True):
        chosen, rejected = prompts[pair["chosen_prompt_id"]], prompts[pair["rejected_prompt_id"]]
        image, other = pair["chosen_image"], pair["rejected_image"]
        assert (chosen["prompt_id"], image) != (rejected["prompt_id"], other)
        assert chosen["upscaled"] and (image is None or image in chosen["upscaled_images"])
        assert other not in rejected["upscaled_images"]
        assert other in (1, 2, 3, 4) if pair["kind"] == GRID else rejected["upscaled"] is False and other is None
        assert chosen["user_id"] == rejected["user_id"] == pair["user_id"]
        assert pair["held_fixed"] == (pair["kind"] != ACROSS) == (pair["prompt"] == pair["rejected_prompt"])
    sound = pairs(frame(*prompts.values()))
    assert sound.equals(rows.filter("held_fixed"))
    assert rows["kind"].unique(maintain_order=True).to_list() == [kind for kind in KINDS if kind in set(rows["kind"])]


# The same numbers by loops over all pairs of prompts, written apart from the expressions.
@settings(deadline=None, max_examples=150)
@given(log())
def test_against_loops(drawn):
    prompts = list(built(drawn))
    within = sum(len(one["upscaled_images"]) * (4 - len(one["upscaled_images"])) for one in prompts if one["upscaled"])
    texts, across = {}, 0
    for one in prompts:
        if (
            one["user_id"]
            and one["upscaled"] is not None
            and not one["n_image_links"]
            and "seed" not in str(one["params"])
        ):
            ups = texts.setdefault((one["user_id"], one["text"], str(one["params"])), {True: 0, False: 0})
            ups[one["upscaled"]] += 1
    for one in prompts:
        for other in prompts:
            near = one["thread_id"] and one["thread_id"] == other["thread_id"] and one["step"] + 1 == other["step"]
            unlike = (one["text"], one["params"]) != (other["text"], other["params"])
            across += bool(near and unlike and {one["upscaled"], other["upscaled"]} == {True, False})
    rerolls = sum(min(MOST_PER_TEXT, ups[True] * ups[False]) for ups in texts.values())
    rows = found(*prompts)
    assert [rows.filter(kind=kind).height for kind in KINDS] == [within, rerolls, across]


def test_the_contract_that_exports_rely_on():
    assert KINDS == ("within grid", "verbatim reroll", "across prompts")
    assert _pairs.IMAGES == 4
    assert list(PAIRS.columns)[:7] == [
        *("kind", "prompt", "chosen_prompt_id", "chosen_image"),
        *("rejected_prompt_id", "rejected_image", "rejected_prompt"),
    ]
