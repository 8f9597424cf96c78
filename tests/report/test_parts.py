"""Parts of the page: drawings within it, the commands that make it again, and what is taken out if nothing is quoted."""

import re
from xml.etree import ElementTree

import polars as pl
import pytest
from tests import made_results as made

from unspool.report._again import commands, told
from unspool.report._answers import answers
from unspool.report._drawn import MOST, OPEN, blocks
from unspool.report._quoting import UNNAMED, unquoted
from unspool.report._svg import inline

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20" viewBox="0 0 30 20"><g clip-path="url(#clip1)">'
    '<path aria-label="step 1: 2" role="graphics-symbol" aria-roledescription="point" d="M1.23456,2.5Z" fill="red"/>'
    '<line aria-label="x: 1; ci_low: 2" aria-roledescription="rule mark" x2="3" stroke="red"/>'
    '<g aria-label="Y-axis titled x" aria-roledescription="axis"><text fill="red">x</text></g></g>'
    '<path class="background" d="M0,0"/><defs><clipPath id="clip1"><rect width="3" height="2"/></clipPath></defs></svg>'
)


def test_a_drawing_in_a_page():
    root = ElementTree.fromstring(inline(SVG, "drift-3", "The <alt> text", {"step 1: 2"}))
    assert root.attrib == {"viewBox": "0 0 30 20", "role": "img", "aria-label": "The <alt> text"}
    paths = [e for e in root.iter() if e.tag.endswith("}path")]
    assert [p.get("d") for p in paths] == ["M1.2,2.5Z"]
    assert [e.text for e in root.iter() if e.tag.endswith("title")] == ["step 1: 2"]
    clip = next(e.get("id") for e in root.iter() if e.tag.endswith("clipPath"))
    assert clip.startswith("drift-3-")
    assert next(e.get("clip-path") for e in root.iter() if e.get("clip-path")) == f"url(#{clip})"


def test_two_drawings_share_no_id():
    ids = [set(re.findall(r' id="([^"]+)"', inline(SVG, name, "alt", ()))) for name in ("a", "b")]
    assert ids[0] and not ids[0] & ids[1]


def test_the_first_pictures_are_open_and_too_many_are_not_drawn():
    names = [name for name in made.COLUMNS if not name.startswith("caption_")][:20]
    found = blocks(["drift"], made.frame(made.drift(names)), made.COLUMNS)[0]
    assert (len(found.shown), len(found.shown) + len(found.folded), found.cut) == (OPEN, MOST, True)
    assert not found.small


def test_a_figure_without_rows_is_no_block():
    assert blocks(["drift"], made.frame([]), made.COLUMNS) == []


MANIFEST = {
    "settings": {
        "source": "table",
        "columns": [["user_id", "who"], ["text", "the prompt"]],
        "language": "any",
        "timezone": "UTC",
        "since": "2023-07-01 00:00:00+00:00",
        "until": None,
        "channels": [],
        "drop_users": ["aa", "bb"],
        "actions": ["grid", "remix", "reroll"],
    },
    "rules": {
        "iou-threshold=0.4": {"rule": "iou", "options": {"threshold": 0.4}},
        "gap": {"rule": "gap", "options": {}},
    },
    "rule": "iou-threshold=0.4",
    "features": {
        "length": {"settings": {}},
        "perplexity": {"settings": {"language_model": "/home/me/gpt2", "sample": 9}},
    },
    "analyses": {"settings": {"least": 6, "draws": 2000, "seed": 0}},
}


def test_commands_hold_what_differs_from_the_defaults():
    assert commands(MANIFEST, quoted=False) == [
        "unspool read LOG... -o STUDY --columns 'user_id=who,text=the prompt' --source table --language any "
        "--since '2023-07-01 00:00:00+00:00' --drop-user NAME --drop-user NAME",
        "unspool thread STUDY --rule gap",
        "unspool thread STUDY --rule iou --threshold 0.4",
        "unspool measure STUDY --lm gpt2 --sample 9",
        "unspool analyze STUDY --least 6",
        "unspool report STUDY --no-prompts",
    ]


def test_commands_of_an_empty_manifest():
    assert commands({}, quoted=True)[0] == "unspool read LOG... -o STUDY"
    assert commands({}, quoted=True)[-1] == "unspool report STUDY"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("/home/me/model.gguf", "model.gguf"),
        ("org/model", "org/model"),
        (None, "none"),
        ([], "none"),
        ({"a": 1}, "a=1"),
    ],
)
def test_settings_tell_no_folder(value, text):
    assert told(value) == text


def shares(names):
    return [made.point("log", "-", "share_with_parameter", 0.5, group=name) for name in names]


def test_names_that_people_typed_are_taken_out():
    rows = unquoted(made.frame(shares(["aspect", "niji", "any parameter", "janedoe"])))
    assert rows["group"].to_list() == ["aspect", "niji", "any parameter", UNNAMED]


def test_versions_that_people_typed_are_taken_out():
    models = ["version 6.1", "version niji 5", "version janedoe", "source table", "model m", None]
    rows = unquoted(made.frame([made.point("across", "n_words", "rise", 1.0, model=model) for model in models]))
    assert rows["model"].to_list() == [
        "version 6.1",
        "version niji 5",
        f"version {UNNAMED}",
        "source table",
        "model m",
        None,
    ]


def test_notes_that_quote_a_version_are_taken_out():
    note = "all threads are of version janedoe: nothing to compare; threads of at least 4 prompts"
    one = made.void("across", "-", "rise", note, model="version")
    other = made.void("across", "-", "rise", "2 threads", model="version janedoe")
    found = unquoted(made.frame([one, other]))
    assert "janedoe" not in " ".join(map(str, found.select("model", "note").rows()))
    assert found["note"][0].endswith("; threads of at least 4 prompts")


def test_nothing_else_is_touched():
    rows = made.everything()
    assert unquoted(rows).equals(rows)
    assert unquoted(made.frame([])).equals(pl.DataFrame(schema=rows.schema))


def by_question(rows):
    limits = {"drift": "It shows no cause.", "growth": "Not why.", "convergence": "", "upscaled": "", "carryover": ""}
    limits |= dict.fromkeys(("predict", "stopping", "reinforcement"), "")
    return {answer.asked: answer for answer in answers(made.frame(rows), limits)}


LASTS = "Does what people gain last into their next thread, style more than content?"
LONGER = "Do prompts get longer as people retry, or does it only look so?"


def test_an_answer_has_both_numbers_its_null_and_n():
    null = made.corrected("drift", "n_words", {"order_null": 0.3}, p_value=0.04, p_adjusted=0.2)
    found = by_question([*made.drift(), *made.change(), *null])[LONGER]
    assert (found.paper.value, found.paper.interval) == ("1.5", "95% interval 1.0 to 2.0")
    assert (found.own.value, found.own.interval) == ("0.01", "95% interval -0.04 to 0.06")
    assert (
        found.null
        == "p = 0.04 against no trend in the order of prompts, last ones aside (p = 0.20 with the other tests)"
    )
    assert found.n == "7 users, 40 threads, 60 prompts"
    assert found.limits == "It shows no cause."


def test_an_interval_is_drawn_about_what_would_be_nothing():
    found = by_question([*made.drift(), *made.change()])[LONGER]
    # 1 to 2 about 1.5: the farther end 46% right of the middle. -.04 to .06 about .01: a third of it on the other side.
    assert (found.paper.bar.low, found.paper.bar.middle, found.paper.bar.high) == pytest.approx((73, 84.5, 96))
    assert (found.own.bar.low, found.own.bar.middle) == pytest.approx((50 - 46 * 2 / 3, 50 + 46 / 6))
    assert (found.paper.bar.clear, found.own.bar.clear) == (True, False)


def test_chance_is_the_middle_where_pairs_are_ranked():
    row = made.point("model_language", "text", "auc", 0.55, half=0.1, mode="audit", group="first:last")
    (answer,) = answers(made.frame([row]), {})
    assert (answer.own.bar.low, answer.own.bar.high) == pytest.approx((50 - 46 / 3, 96))


@pytest.mark.parametrize(
    "ends", [{}, {"ci_low": None, "ci_high": 1.0}, {"ci_low": 0.0, "ci_high": 0.0, "ci_level": 0.95}]
)
def test_no_bar_without_an_interval_that_has_a_width(ends):
    value = 0.0 if ends.get("ci_high") == 0 else 0.5
    row = made.point("drift", "n_words", "ipcw", value, mode="corrected") | ends
    assert by_question([row])[LONGER].own.bar is None


@pytest.mark.parametrize(
    ("low", "told"), [(0.2, "no test: see the interval"), (None, "no test: not known beyond these users")]
)
def test_what_has_no_test_points_at_an_interval_only_where_there_is_one(low, told):
    (row,) = made.corrected("reinforcement", "style", {"log_odds_kept": 0.9})
    (answer,) = by_question([row | {"p_value": None, "ci_low": low}]).values()
    assert answer.null == told


def test_a_number_that_is_not_known_is_said_to_be_so():
    found = by_question([*made.drift(), *made.growth(), *made.corrected("growth", "n_words", {"share_content": 0.4})])
    assert found[LONGER].own is None and found[LONGER].null == "not known"
    content = found["How much of the change in length is content, and not style?"]
    assert content.paper is None and content.missing == "not in the paper"
    assert content.own.value == "40%"


def test_a_question_without_any_number_is_not_asked_and_limits_stand_with_each():
    assert by_question([made.void("drift", "n_words", "ipcw", "none", mode="corrected")]) == {}
    magic = made.corrected("drift", "magic_ratio", {"ipcw": 0.1}, p_value=0.00001)
    found = by_question([*made.change(), *magic])
    assert [answer.limits for answer in found.values()] == ["It shows no cause.", "It shows no cause."]
    assert [answer.null for answer in found.values()] == ["not known", "p < 0.001 against 0"]


def test_a_placebo_is_told_with_its_interval():
    kept = made.corrected("carryover", "style", {"kept_terms_without_paste": 0.2, "kept_terms_placebo": -0.1})
    found = by_question([*made.carryover(), *kept])[LASTS]
    assert found.null == "placebo, style terms -10%, 95% interval -15% to -5.0%"
    assert (found.own.called, found.own.value) == ("of added style terms kept", "20%")


def test_a_test_alone_has_no_second_p_value():
    null = made.corrected("drift", "n_words", {"order_null": 0.3}, p_value=0.04)
    assert (
        by_question([*made.change(), *null])[LONGER].null
        == "p = 0.04 against no trend in the order of prompts, last ones aside"
    )


def test_a_null_that_is_not_0_is_named():
    area = made.point("model_language", "text", "auc", 0.51, 0.02, group="first:last", mode="audit", p_value=0.16)
    (found,) = by_question([area]).values()
    assert found.null == "p = 0.16 against 50%"


def test_the_spread_over_seeds_is_of_the_accuracy_alone():
    accuracy = made.point("predict", "-", "accuracy_paper", 56.3, standard_error=5.4, mode="paper")
    kept = made.corrected("carryover", "style", {"kept_terms_without_paste": 0.0})
    alike = [row | {"ci_low": None, "ci_high": None, "standard_error": 0.0} for row in kept]
    found = by_question([accuracy, *alike])
    assert found["Does the text tell which prompts get upscaled?"].paper.interval == "SD 5.4 over seeds"
    assert found[LASTS].own.interval == "no interval: the same whoever is left out"
