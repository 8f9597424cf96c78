"""Which images of a grid were upscaled, on logs of a few lines whose outcome is worked out by hand."""

import re

import polars as pl
import pytest
from tests.logs import grid, message, upscale, write

from unspool.compiling.pseudonyms import hexadecimal
from unspool.compiling.settings import ReadSettings
from unspool.simulate import simulate
from unspool.stages.read import read

ANY = ReadSettings(language="any")


@pytest.fixture
def images(tmp_path):
    """The upscaled images of the prompts of a log, in the order of time, and how often each prompt was upscaled."""

    def run(*messages, settings=ANY):
        study = read([write(tmp_path / "log.json", list(messages))], tmp_path / "study", settings)
        prompts = study.prompts().sort("time")
        assert prompts.schema["upscaled_images"] == pl.List(pl.UInt8)
        return prompts["upscaled_images"].to_list(), prompts["n_upscales"].to_list()

    return run


def variation(number, prompt, **more):
    return message(number, f"**{prompt}** - Variations (Strong) by <@501> (fast)", **more)


def unnumbered(number, prompt, action="Upscaled (Subtle)", **more):
    return message(number, f"**{prompt}** - {action} by <@501> (fast)", **more)


def test_an_upscale_that_answers_the_grid(images):
    log = [grid(1, "red fox"), grid(2, "red fox"), upscale(3, "red fox", image=3, reference=1)]
    assert images(*log) == ([[3], []], [1, 0])


def test_an_upscale_without_reference_is_of_the_latest_equal_grid(images):
    log = [grid(1, "red fox"), grid(2, "red fox"), upscale(3, "red fox", image=4), grid(4, "red fox")]
    assert images(*log) == ([[], [4], []], [0, 1, 0])


def test_several_upscales_of_a_grid_are_in_the_order_of_their_numbers(images):
    log = [grid(1, "red fox"), *(upscale(2 + n, "red fox", image=k, reference=1) for n, k in enumerate((4, 2)))]
    assert images(*log) == ([[2, 4]], [2])


@pytest.mark.parametrize("reference", [1, None])
def test_two_upscales_of_one_image_are_one_image(images, reference):
    log = [grid(1, "red fox"), *(upscale(n, "red fox", image=2, reference=reference) for n in (2, 3))]
    assert images(*log) == ([[2]], [2])


@pytest.mark.parametrize("reference", [2, None])
def test_an_upscale_of_a_variation_is_of_another_grid(images, reference):
    log = [
        grid(1, "red fox"),
        variation(2, "red fox", reference=reference and 1),
        upscale(3, "red fox", image=2, reference=reference),
    ]
    assert images(*log) == ([[]], [1])


def test_an_upscale_of_the_grid_after_a_variation_of_it(images):
    log = [grid(1, "red fox"), variation(2, "red fox", reference=1), upscale(3, "red fox", image=2, reference=1)]
    assert images(*log) == ([[2]], [1])


@pytest.mark.parametrize("reference", [2, None])
def test_an_upscale_of_an_upscale_adds_no_image(images, reference):
    log = [
        grid(1, "red fox"),
        upscale(2, "red fox", image=3, reference=reference and 1),
        unnumbered(3, "red fox", reference=reference),
    ]
    assert images(*log) == ([[3]], [2])


def test_an_upscale_of_an_upscale_that_bears_a_number_adds_no_image(images):
    log = [
        grid(1, "red fox"),
        upscale(2, "red fox", image=3, reference=1),
        upscale(3, "red fox", image=1, reference=2),
    ]
    assert images(*log) == ([[3]], [2])


def test_the_second_image_without_reference_is_of_the_grid_and_not_of_the_first_image(images):
    log = [
        grid(1, "red fox"),
        upscale(2, "red fox", image=3, reference=1),
        unnumbered(3, "red fox", reference=2),  # an upscale of the upscale lies between
        upscale(4, "red fox", image=1),
    ]
    assert images(*log) == ([[1, 3]], [3])


def test_rerolls_of_a_text_have_each_their_own(images):
    log = [
        *(grid(n, "red fox") for n in (1, 2, 3)),
        upscale(4, "red fox", image=1, reference=1),
        upscale(5, "red fox", image=2, reference=3),
        upscale(6, "red fox", image=4, reference=1),
    ]
    assert images(*log) == ([[1, 4], [], [2]], [2, 0, 1])


def test_rerolls_without_references_take_the_upscales_that_follow_them(images):
    log = [
        grid(1, "red fox"),
        upscale(2, "red fox", image=1),
        grid(3, "red fox"),
        upscale(4, "red fox", image=2),
        upscale(5, "red fox", image=3),
    ]
    assert images(*log) == ([[1], [2, 3]], [1, 2])


def test_rerolls_that_are_no_prompts_leave_the_first_grid_its_own_images(images):
    log = [
        grid(1, "red fox"),
        grid(2, "red fox"),
        upscale(3, "red fox", image=1, reference=1),
        upscale(4, "red fox", image=2, reference=2),
    ]
    assert images(*log, settings=ReadSettings(language="any", actions=("grid",))) == ([[1]], [2])


@pytest.mark.parametrize("reference", [1, None])
@pytest.mark.parametrize("action", ["Upscaled", "Upscaled (Max)", "Upscaled (Beta)"])
def test_old_lines_tell_no_number(images, action, reference):
    log = [grid(1, "red fox"), unnumbered(2, "red fox", action, reference=reference)]
    assert images(*log) == ([[]], [1])


def test_buttons_that_tell_an_upscale_tell_no_number(images):
    row = [{"type": 1, "components": [{"type": 2, "label": "Upscale to Max"}]}]
    assert images(grid(1, "red fox"), grid(2, "red fox", components=row)) == ([[]], [1])


@pytest.mark.parametrize("number", [0, 5, 300])
def test_a_number_that_a_grid_does_not_have_is_none(images, number):
    assert images(grid(1, "red fox"), upscale(2, "red fox", image=number, reference=1)) == ([[]], [1])


# Message 9, which the upscale answers, is missing: a variation, or another grid of the same text. Its third image is not
# that of grid 1. The prompt is credited with the upscale by its echo all the same.
def test_an_upscale_of_a_grid_that_is_missing_is_not_of_its_namesake(images):
    assert images(grid(1, "red fox"), upscale(3, "red fox", image=3, reference=9)) == ([[]], [1])


# The variation 2 is of a message that is missing, and so of grid 1 by its echo; its upscale 4 follows it there, and is
# not of the reroll 3, which came later.
def test_an_upscale_follows_a_variation_whose_own_chain_is_broken(images):
    log = [
        grid(1, "red fox"),
        variation(2, "red fox", reference=9),
        grid(3, "red fox"),
        upscale(4, "red fox", image=3, reference=2),
    ]
    assert images(*log) == ([[], []], [1, 0])


def test_an_upscale_follows_an_upscale_whose_own_chain_is_broken(images):
    log = [
        grid(1, "red fox"),
        upscale(2, "red fox", image=3, reference=9),
        grid(3, "red fox"),
        unnumbered(4, "red fox", reference=2),
    ]
    assert images(*log) == ([[], []], [2, 0])


def test_a_video_without_its_chain_passes_its_upscale_on_by_text(images):
    log = [
        grid(1, "red fox --ar 1:1"),
        message(2, "**red fox --motion high --video 1** - <@501> (fast)", reference=9),
        upscale(3, "red fox --motion high --video 1", image=1, reference=2),
    ]
    assert images(*log) == ([[]], [1])


def test_whoever_pressed_the_button(images):
    log = [grid(1, "red fox", user="501"), upscale(2, "red fox", user="502", image=2, reference=1)]
    assert images(*log) == ([[2]], [1])


def test_an_upscale_by_another_person_without_reference_is_of_nobody(images):
    assert images(grid(1, "red fox"), upscale(2, "red fox", user="502", image=2)) == ([[]], [0])


def test_edits_of_an_upscale_are_one(images):
    log = [
        grid(1, "red fox"),
        message(2, "**red fox** - Image #2 <@501> (46%) (fast)", reference=1),
        message(2, "**red fox** - Image #2 <@501>", reference=1, edited=9),
    ]
    assert images(*log) == ([[2]], [1])


def test_a_remix_has_images_of_its_own(images):
    log = [
        grid(1, "red fox"),
        message(2, "**blue fox** - Remix by <@501> (fast)", reference=1),
        upscale(3, "blue fox", image=4, reference=2),
    ]
    assert images(*log) == ([[], [4]], [0, 1])


def test_the_images_of_a_remix_that_is_no_prompt_are_not_those_of_the_grid(images):
    log = [
        grid(1, "red fox"),
        message(2, "**blue fox** - Remix by <@501> (fast)", reference=1),
        upscale(3, "blue fox", image=4, reference=2),
    ]
    assert images(*log, settings=ReadSettings(language="any", actions=("grid", "reroll"))) == ([[]], [1])


def test_a_log_without_prompts(images):
    assert images(upscale(2, "red fox", image=2)) == ([], [])


# The truth of a simulated export says of every upscale to which prompt it goes back. Those that answer a grid are of its
# images; those without a reference may be of a zoom or variation of it; no other number may stand with a prompt.
def test_images_of_a_simulated_export(tmp_path):
    log = simulate("newcomers", seed=3, users=80)
    log.write(tmp_path / "export.json")
    study = read([str(tmp_path / "export.json")], tmp_path / "study", ANY)
    messages = {message["id"]: message for message in log.messages}
    upscales = {"direct": set(), "unlinked": set()}
    for number, kind, root in log.truth["messages"].rows():
        image = re.search(r"Image #(\d)", messages[number]["content"])
        parent = (messages[number].get("reference") or {}).get("messageId")
        if kind == "upscale" and image and parent in (root, None):
            upscales["direct" if parent else "unlinked"].add((root, int(image[1])))
    ids = log.truth["prompts"].select("message_id")
    ids = ids.with_columns(prompt_id=hexadecimal(study.pseudonyms().digest(ids["message_id"], "message")))
    rows = study.prompts().join(ids, on="prompt_id").explode("upscaled_images").drop_nulls("upscaled_images")
    found = set(rows.select("message_id", "upscaled_images").rows())
    kept = set(study.prompts().join(ids, on="prompt_id")["message_id"])
    direct, unlinked = ({one for one in some if one[0] in kept} for some in upscales.values())
    assert len(direct) > 50 and unlinked
    assert direct <= found <= direct | unlinked
