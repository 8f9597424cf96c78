"""The scorecard copies estimates and says on which side they lie."""

import polars as pl
import pytest
from measured import log, one, thread

from unspool.analyses import results
from unspool.analyses._drift_stopping import DOUBT
from unspool.analyses._family import CONFIRMATORY, adjusted
from unspool.analyses.scorecard import EXPLANATIONS, SIGNATURES, analyse, findings

LOG = log([thread("a", [1, 2])])


def before(net=(0.5, 1.5), ipcw=(0.02, 0.08), **intervals):
    """Rows of the analyses that the signatures are taken from, with these intervals, and of the growth itself."""
    rows = []
    for analysis, estimand, (low, high) in (("growth", "net", net), ("drift", "ipcw", ipcw)):
        same = {"analysis": analysis, "feature": "n_words", "estimand": estimand, "mode": "corrected"}
        rows.append({**same, "estimate": (low + high) / 2, "ci_low": low, "ci_high": high, "ci_level": 0.95})
    for name, (low, high) in intervals.items():
        analysis, feature, estimand = SIGNATURES[name].at
        at = {"analysis": analysis, "feature": feature, "estimand": estimand, "mode": "corrected"}
        rows.append(
            {**at, "estimate": (low + high) / 2, "ci_low": low, "ci_high": high, "ci_level": 0.95, "n_users": 9}
        )
    return results(rows)


def card(**intervals):
    from dataclasses import replace

    return analyse(replace(LOG, before=before(**intervals)))


def sentence(told, name):
    (found,) = (one for one in told if one.startswith(f"{EXPLANATIONS[name]}:"))
    return found.removeprefix(f"{EXPLANATIONS[name]}: ")


def test_every_explanation_has_every_signature_and_a_verdict():
    found = card()
    assert found.height == len(EXPLANATIONS) * (len(SIGNATURES) + 1)
    assert found["estimate"].null_count() == found.height
    assert found["note"].null_count() == 0
    assert all(len(one.predicted) == len(EXPLANATIONS) for one in SIGNATURES.values())


def test_nothing_before_is_nothing_known():
    assert analyse(LOG)["estimate"].null_count() == analyse(LOG).height
    assert all("cannot tell" in told for told in findings(analyse(LOG))[: len(EXPLANATIONS)])


# Content is 60 to 80% of the growth, above .5: as omitted details predict, against adaptation.
def test_a_share_is_judged_against_one_half():
    found = card(content_share=(0.6, 0.8))
    details = one(found, feature="omitted_details", estimand="content_share")
    assert (details["estimate"], details["effect"], details["effect_name"]) == (0.7, 1, "agreement")
    assert one(found, feature="adaptation", estimand="content_share")["effect"] == -1
    assert one(found, feature="stopping", estimand="content_share")["effect"] is None


@pytest.mark.parametrize("net", [(-0.5, 1.5), (-2.0, -1.0)])
def test_a_share_of_no_growth_is_not_judged(net):
    found = one(card(content_share=(0.6, 0.8), net=net), feature="omitted_details", estimand="content_share")
    assert found["estimate"] == 0.7 and found["effect"] is None
    assert found["note"].endswith("growth/n_words/net is not clearly above 0")


def test_a_share_of_growth_that_who_stops_can_explain_is_not_judged():
    found = one(card(content_share=(0.6, 0.8), ipcw=(-0.01, 0.05)), feature="adaptation", estimand="content_share")
    assert found["estimate"] == 0.7 and found["effect"] is None
    assert found["note"].endswith("drift/n_words/ipcw is not clearly above 0")


# All of the growth is content, for every one of so many people: no interval, and yet clear from six people on.
@pytest.mark.parametrize(("n_users", "effect"), [(5, None), (6, 1), (150, 1)])
def test_what_holds_for_all_is_clear_without_an_interval(n_users, effect):
    from dataclasses import replace

    share = pl.col("estimand") == "share_content"
    held = {"ci_low": None, "ci_high": None, "ci_level": None, "estimate": 1.0, "standard_error": 0.0}
    rows = before(content_share=(1, 1), repair=(0.1, 0.2)).with_columns(
        pl.when(share).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in {**held, "n_users": n_users}.items()
    )
    found = analyse(replace(LOG, before=rows))
    assert one(found, feature="omitted_details", estimand="content_share")["effect"] == effect
    whole = "the 2 of its 3 signatures that could be judged are there"
    assert (whole in sentence(findings(found), "omitted_details")) == (effect == 1)


def test_an_interval_that_holds_the_null_is_not_clear():
    found = card(retention=(-0.1, 0.4), dose=(0.1, 0.2))
    assert one(found, feature="adaptation", estimand="retention")["effect"] == 0
    assert one(found, feature="adaptation", estimand="dose")["effect"] == 1
    verdict = one(found, feature="adaptation", estimand="verdict")
    assert (verdict["estimate"], verdict["effect"]) == (0.5, 2)


def test_the_words_say_where_signatures_disagree():
    held = {"retention": (0.1, 0.3), "dose": (0.1, 0.2), "reinforcement": (0.2, 0.9), "repair": (0.1, 0.2)}
    told = findings(card(content_share=(0.6, 0.8), selection=(0.1, 0.2), **held))
    assert told[0].startswith("Omitted details: all its signatures are there")
    assert sentence(told, "adaptation").startswith("its signatures disagree")
    assert "95% interval 0.10 to 0.30" in sentence(told, "adaptation")


# Growth that stopping hides is as much a matter of who stops as growth that it makes up.
@pytest.mark.parametrize("part", [(0.01, 0.03), (-0.03, -0.01)])
def test_who_stops_when_matters_on_either_side(part):
    found = card(stopping=part, last_change=part)
    assert one(found, feature="stopping", estimand="stopping")["effect"] == 1
    assert "all its signatures are there" in sentence(findings(found), "stopping")


def test_what_is_in_doubt_is_not_judged():
    from dataclasses import replace

    rows = before(stopping=(0.003, 0.009)).with_columns(note=pl.lit(f"of 900 transitions; {DOUBT}"))
    found = one(analyse(replace(LOG, before=rows)), feature="stopping", estimand="stopping")
    assert found["estimate"] is not None and found["effect"] is None
    assert "not judged" in found["note"]


def test_what_is_there_most_comes_first():
    told = findings(card(stopping=(0.01, 0.03), last_change=(0.1, 0.2), content_share=(0.2, 0.8), repair=(0.1, 0.2)))
    names = [one.split(":")[0] for one in told[: len(EXPLANATIONS)]]
    assert names[:2] == ["Who stops when", "Omitted details"]
    assert sorted(names) == sorted(EXPLANATIONS.values())


def test_a_clear_opposite_is_a_contradiction():
    told = findings(card(repair=(-0.3, -0.1), content_share=(0.1, 0.3), entrainment=(0.2, 0.3)))
    contradicted = "the 2 of its 3 signatures that could be judged clearly the other way, none as predicted"
    assert sentence(told, "omitted_details").startswith(contradicted)
    assert sentence(told, "drifting_intent").startswith("its signatures disagree")
    told = findings(card(content_share=(0.6, 0.8), retention=(-0.1, 0.1), dose=(-0.1, 0.1)))
    assert sentence(told, "adaptation").startswith("1 of its 3 signatures clearly the other way, none as predicted")


# What drifting intent predicts is below 0: it is said as what is so there, not as the opposite of what is.
def test_a_signature_is_called_by_the_side_on_which_it_lies():
    told = findings(card(repair=(-0.3, -0.1), selection=(-0.2, 0.2)))
    as_predicted, open_ = sentence(told, "drifting_intent").split("As predicted: ")[1].split(". Not clear: ")
    assert as_predicted.startswith("shown details are dropped rather than missing ones filled in (-0.20, ")
    assert open_ == "what the image showed was added rather than what it lacked."
    other_way = sentence(told, "omitted_details").split("The other way: ")[1]
    assert other_way.startswith("shown details are dropped rather than missing ones filled in (-0.20, ")
    assert SIGNATURES["retention"].called("-") == SIGNATURES["retention"].title


def test_whatever_is_predicted_below_its_null_is_named():
    assert {name for name, one in SIGNATURES.items() if "-" in one.predicted} == {
        name for name, one in SIGNATURES.items() if one.below
    }


def test_one_signature_alone_is_no_verdict():
    found = card(repair=(0.1, 0.3))
    assert one(found, feature="omitted_details", estimand="repair")["effect"] == 1
    verdict = one(found, feature="omitted_details", estimand="verdict")
    assert verdict["estimate"] is None and verdict["note"].endswith("a verdict takes 2")
    assert "only one of its signatures" in sentence(findings(found), "omitted_details")


# The p-value of a share is against 0, which is not what the card asks.
def test_a_null_other_than_0_has_no_p_value():
    from dataclasses import replace

    rows = before(content_share=(0.6, 0.8), repair=(0.1, 0.2)).with_columns(p_value=pl.lit(0.001))
    found = analyse(replace(LOG, before=rows))
    assert one(found, feature="adaptation", estimand="content_share")["p_value"] is None
    assert one(found, feature="adaptation", estimand="repair")["p_value"] == 0.001


# Three tests of the family, p .01, .02 and .03: 3 * .01 = .03, 2 * .02 = .04, and the third no less than that.
def test_the_family_is_adjusted_together_and_nothing_else():
    rows = [
        {"analysis": a, "feature": f, "estimand": e, "mode": "corrected", "p_value": p}
        for (a, f, e), p in zip(CONFIRMATORY, (0.01, 0.02, 0.03), strict=False)
    ]
    others = [
        {**rows[0], "mode": "paper"},
        {**rows[0], "group": "2"},
        {**rows[0], "feature": "n_chars", "p_adjusted": 0.9},
        {**rows[1], "p_value": None},
    ]
    found = adjusted(results([*rows, *others]))
    assert found["p_adjusted"].to_list() == pytest.approx([0.03, 0.04, 0.04, None, None, 0.9, None])
    assert adjusted(results([])).height == 0
    assert found.drop("p_adjusted").equals(results([*rows, *others]).drop("p_adjusted"))
    assert isinstance(found, pl.DataFrame)
