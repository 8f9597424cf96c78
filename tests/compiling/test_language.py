"""Which prompts are taken for English."""

import polars as pl
import pytest

from unspool.compiling.language import detect, foreign


def is_foreign(text):
    return foreign(pl.Series("text", [text])).row(0, named=True)


# The detector alone takes each of these for Spanish, German, Hungarian or French with a score of .5 or more.
@pytest.mark.parametrize(
    "text",
    [
        "An igloo in a cellar",
        "A grey station, a cave, a straw hat",
        "lonely igloo, the ocean, a bench",
        "mint chocolate ice cream,die cut stickers",
        "colorful paint pour cats, shallow depth of field, glowing, cat masks",
    ],
)
def test_lists_of_english_words_are_english(text):
    assert is_foreign(text) == {"language": "en", "foreign": False}


@pytest.mark.parametrize(
    "text",
    [
        "un gatto sul tetto rosso",
        "el gato negro grande",
        "ein Haus am See mit einem Boot",
        "une maison dans la forêt",
        "kot na dachu starego domu",
        "мост в тумане на рассвете",
        "霧の中の橋",
    ],
)
def test_other_languages_are_not(text):
    assert is_foreign(text)["foreign"]


@pytest.mark.parametrize("text", ["", "mario kart", "🦊 🦊 🦊 🦊", "1 2 3 4 5", "—— :: ++ ??"])
def test_what_has_no_words_to_tell_by_is_kept(text):
    assert not is_foreign(text)["foreign"]


def test_nothing_is_looked_up_of_nothing():
    assert detect(pl.Series("text", [], dtype=pl.String)).height == 0
