"""What could not be measured: by analysis, each reason once, in words."""

from tests import made_results as made

from unspool import registry
from unspool.audits._groups import NO_REFERENCE
from unspool.features import Context, columns, dialect
from unspool.report._void import EVERYWHERE, MOST_REASONS, Void, _name, void

TITLES = {"drift": "Drift", "stopping": "Stopping", "across": "Across"}


def found(*rows, titles=TITLES):
    return void(made.frame(rows), columns(), titles)


def known(analysis):
    """A row with an estimate, so that the analysis has told something."""
    return made.point(analysis, "n_chars", "rise", 1.0, 0.5)


def test_measures_that_no_analysis_has_are_told_once_with_their_reason():
    rows = [known("drift"), known("stopping")]
    for analysis, end in (("drift", "."), ("stopping", "")):
        for feature in ("log_perplexity", "slor"):
            rows.append(made.void(analysis, feature, "rise", f"no language model is named{end}"))
    told = "Log perplexity, Surprisal below rarity (SLOR)"
    assert found(*rows) == [Void(EVERYWHERE, [(told, "No language model is named.")])]


def test_reasons_of_an_analysis_stand_under_its_title():
    note = "a against b, 0 user(s) of both; 4 others left out; nobody used both"
    rows = [
        known("drift"),
        known("stopping"),
        made.void("drift", "n_words", "rise", note),
        made.void("drift", "upscaled", "rise", note),
        made.void("drift", "n_weights", "rise", "does not vary"),
        made.point("stopping", "n_words", "rise", 1.0, 0.5),
    ]
    assert found(*rows) == [
        Void("Drift", [("Words, Share upscaled", "Nobody used both."), ("Weights (::)", "Does not vary.")])
    ]


def test_an_analysis_that_tells_nothing_has_one_entry_without_names():
    rows = [
        made.void("across", "-", "rise", "all threads are of one model", model="model"),
        made.void("across", "-", "rise", "2 threads long enough", model="source"),
        made.void("across", "n_words", "rise", "all threads are of one model"),
    ]
    assert found(*rows) == [Void("Across", [("", "All threads are of one model."), ("", "2 threads long enough.")])]


def test_many_reasons_are_cut_and_counted():
    (one,) = found(*(made.void("across", "-", "rise", f"{n} threads", model=f"m{n}") for n in range(9)))
    assert (len(one.reasons), one.n_left_out) == (MOST_REASONS, 9 - MOST_REASONS)


def test_a_measure_with_any_estimate_is_not_missing():
    assert found(known("drift"), made.void("drift", "n_chars", "ipcw", "too few")) == []


def test_no_name_of_a_column_is_shown():
    for name in ("upscaled", "prompt_nsfw", "names_private", "drifting_intent", "caption_n_words"):
        assert "_" not in _name(name, columns())
        assert _name(name, columns())[0].isupper()


def test_no_measure_is_called_as_an_analysis_or_audit():
    titles = {
        registry.load(package, name).TITLE
        for package in ("analyses", "audits")
        for name in registry.names(package)
        if hasattr(registry.load(package, name), "TITLE")
    }
    assert "Weights" in titles
    assert not titles & {column.title for column in columns().values()}


def test_a_log_without_captions_is_told_alike_by_the_dialect_score_and_the_audits():
    told = dialect.missing(Context(n_users=3))
    assert told.lower() == f"{NO_REFERENCE.lower()}."
