"""Each kind of edit does to the text what its name says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unspool.simulate._edits import change_params, edit, step
from unspool.simulate._scenes import TRAPS, Draft, Scene, draw_foreign_scene, draw_scene, vocabulary
from unspool.simulate._styles import Lexicon

DETAILS = (("attribute1", "tiny"), ("action", "dancing"), ("setting", "in the rain"))
FOX = Draft(Scene("animals", "red fox", DETAILS), ("attribute1", "setting"), ("8k", "line art"), "photo of")


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (0, "photo of a tiny red fox in the rain, 8k, line art"),
        (1, "photo of tiny red fox, in the rain, 8k, line art"),
        (2, "in the rain, a tiny red fox, photo, 8k, line art"),
    ],
)
def test_a_draft_reads_in_three_orders(order: int, text: str) -> None:
    assert Draft(FOX.scene, FOX.stated, FOX.style, FOX.medium, order).text() == text


def test_a_draft_with_a_link_parameters_and_synonyms() -> None:
    draft = Draft(
        FOX.scene,
        FOX.stated,
        swapped=frozenset({"tiny"}),
        trap="link",
        trap_word="abc",
        params=(("ar", "3:2"), ("no", "text, watermark"), ("tile", "")),
    )
    assert draft.text() == "a small red fox in the rain"
    assert draft.echo() == "<https://s.mj.run/abc> a small red fox in the rain --ar 3:2 --no text, watermark --tile"
    assert draft.missing() == ["action"]
    assert draft.share_stated() == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("entity", "text"), [("owl", "an owl"), ("unicorn", "a unicorn"), ("tram", "a tram"), ("umbrella", "an umbrella")]
)
def test_articles(entity: str, text: str) -> None:
    assert Draft(Scene("animals", entity, ())).text() == text


def test_one_eyed_takes_a() -> None:
    assert Draft(Scene("animals", "owl", (("attribute1", "one-eyed"),)), ("attribute1",)).text() == "a one-eyed owl"


def _words(draft: Draft) -> int:
    return len(draft.text().split())


@given(st.integers(0, 2**32), st.sampled_from(["add_detail", "add_style", "substitute", "delete", "reword"]))
def test_edits_of_the_text_change_it_as_named(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    scene = draw_scene(rng, 0.5, None)
    stated = tuple(slot for slot, _ in scene.details if rng.random() < 0.5)
    draft = Draft(scene, stated, ("8k", "photorealistic"), order=int(rng.integers(3)), trap=TRAPS[int(rng.integers(7))])
    made, edited = edit(draft, {kind: 1.0}, Lexicon(0.5, 0.5), rng)
    assert edited.scene.entity == scene.entity
    assert edited.params == draft.params
    if made == "reroll":  # the kind could not be made: nothing is missing, or nothing is stated
        assert edited == draft
        assert (kind == "add_detail" and not draft.missing()) or (kind == "substitute" and not stated)
        return
    assert made == kind
    assert edited.text() != draft.text()
    sign = {"add_detail": 1, "add_style": 1, "delete": -1}.get(kind)
    if sign:
        assert (_words(edited) - _words(draft)) * sign > 0
    if kind == "substitute":
        assert edited.stated == draft.stated
        assert sum(a != b for a, b in zip(edited.scene.details, scene.details, strict=True)) == 1


@given(st.integers(0, 2**32))
def test_a_change_of_parameters_changes_one_and_leaves_the_text(seed: int) -> None:
    rng = np.random.default_rng(seed)
    params: tuple[tuple[str, str], ...] = ()
    for _ in range(8):
        changed = change_params(params, rng)
        assert changed != params
        names = [name for name, _ in changed]
        assert len(set(names)) == len(names)
        assert not {"v", "niji"} <= set(names)
        params = changed
    draft = Draft(FOX.scene, params=params)
    kind, edited = edit(draft, {"parameter": 1.0}, Lexicon(0.5, 0.5), rng)
    assert kind == "parameter"
    assert (edited.text(), edited.echo() != draft.echo()) == (draft.text(), True)


def test_a_step_of_several_edits_holds_neither_rerolls_nor_changes_of_parameters_alone() -> None:
    rng, lexicon = np.random.default_rng(0), Lexicon(0.5, 0.5)
    odds = {"add_style": 1.0, "reroll": 1.0, "parameter": 1.0, "reword": 1.0}
    steps = [step(FOX, odds, 0.6, lexicon, rng)[0] for _ in range(300)]
    several = [kinds for kinds in steps if len(kinds) > 1]
    assert len(several) > 50
    assert {kind for kinds in several for kind in kinds} == {"add_style", "reword"}
    assert all(len(step(FOX, odds, 0.0, lexicon, rng)[0]) == 1 for _ in range(50))


def test_a_prompt_in_another_language_is_never_reworded() -> None:
    rng = np.random.default_rng(0)
    draft = Draft(draw_foreign_scene(rng, "es", None))
    assert edit(draft, {"reword": 1.0}, Lexicon(0.5, 0.5), rng) == ("reroll", draft)
    kind, edited = edit(draft, {"add_style": 1.0}, Lexicon(0.5, 0.5), rng)
    assert kind == "add_style"
    assert edited.style[0] in vocabulary()["languages"]["es"]["tails"]


@given(st.integers(0, 2**32))
def test_the_next_scene_has_another_entity_and_keeps_its_topic_if_told(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = draw_scene(rng, 1.0, None)
    second = draw_scene(rng, 1.0, first)
    assert second.entity != first.entity
    assert second.topic == first.topic


def test_an_upscale_makes_a_phrase_likelier() -> None:
    draws = []
    for reinforcement in (0.0, 50.0):
        rng, lexicon = np.random.default_rng(1), Lexicon(0.0, reinforcement)
        lexicon.weights = {"8k": 1.0, "4k": 1.0}
        lexicon.reward(("8k",))
        draws.append([lexicon.draw(rng, "en") for _ in range(200)].count("8k"))
    # Without reinforcement 100 of 200 are expected (SD 7); with it 200 * 51/52 = 196 (SD 1.9).
    assert 70 < draws[0] < 130
    assert draws[1] > 185


def test_vocabulary_is_wide_and_synonyms_are_new_words() -> None:
    words = vocabulary()
    entities = [entity for topic in words["topics"].values() for entity in topic]
    sizes = {kind: len(set(items)) for kind, items in words["words"].items()}
    assert len(set(entities)) == len(entities) >= 150
    assert sizes["attributes"] >= 120
    assert sizes["settings"] >= 80
    assert sizes["actions"] >= 60
    assert sizes["styles"] >= 120
    known = {word for items in words["words"].values() for word in items}
    assert set(words["synonyms"]) <= known
    assert not set(words["synonyms"].values()) & known
