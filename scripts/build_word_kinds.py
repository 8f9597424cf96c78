"""Build the table of word classes of the ledger of edits (src/unspool/lexicons/word_classes.txt).

    python scripts/build_word_kinds.py PROMPTS.parquet [--words 50000]

Needs wordfreq and the parser. PROMPTS has one column `text`: prompts of many users, used for counts of tags per word,
not kept: a word enters the table only if it is among wordfreq's most frequent English words.

A word's class is its commonest tag: adjective, adverb, verb or, the default, noun. Tags are counted in the prompts and,
with the weight of CARRIER prompts in all, in four carrier sentences; a tag that WordNet does not know for the word
counts not at all, and a word that WordNet does not know is a noun. Verbs are divided
by their form: -ing, past participle, others.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import polars as pl
from wordfreq import top_n_list

from unspool.models.parser import parse, pipeline

TABLE = Path(__file__).parents[1] / "src/unspool/lexicons/word_classes.txt"
CARRIERS = ("a {} dog sits there .", "they like the {} .", "a man {} in the room .", "it looks {} today .")
CARRIER = 3.0
CLASSES = {"ADJ": "adjective", "ADV": "adverb", "VERB": "verb"}
OPEN = ("NOUN", "PROPN", "ADJ", "ADV", "VERB")
HEAD = """# The commonest part of speech of English words, other words are taken for nouns; see WORD_KINDS_NOTICE.md.
# Word list from wordfreq (CC-BY-SA 4.0); parts of speech that a word can be from WordNet. One class a line.
"""


def prompt_tags(texts: pl.Series) -> pl.DataFrame:
    """How often each lower-case word of the texts has each tag: word, pos, n."""
    parsed = parse(texts)
    times = parsed.documents.to_frame("document").group_by("document").len("times")
    tokens = parsed.tokens.join(times, on="document").with_columns(word=pl.col("token").str.to_lowercase())
    return tokens.group_by("word", "pos").agg(n=pl.col("times").sum().cast(pl.Float64))


def carrier_tags(words: list[str]) -> pl.DataFrame:
    """The same from the carrier sentences, weighted."""
    sentences = [carrier.format(word) for word in words for carrier in CARRIERS]
    parsed = parse(pl.Series(sentences, dtype=pl.String))
    which = pl.DataFrame({"document": parsed.documents, "word": [word for word in words for _ in CARRIERS]})
    tokens = parsed.tokens.join(which, on="document").filter(pl.col("token") == pl.col("word"))
    return tokens.group_by("word", "pos").agg(n=pl.len() * CARRIER / len(CARRIERS))


def known_tags(words: list[str]) -> pl.DataFrame:
    """The open tags that WordNet knows for each word, also for its inflected forms."""
    nlp = pipeline()
    index = nlp.get_pipe("lemmatizer").lookups.get_table("lemma_index")
    forms = nlp.get_pipe("lemmatizer").lookups.get_table("lemma_exc")
    rows = []
    for word in words:
        tags = {tag for tag in ("NOUN", "ADJ", "ADV", "VERB") if _knows(index[tag.lower()], forms[tag.lower()], word)}
        rows.extend((word, tag) for tag in {*tags, "PROPN"})
    return pl.DataFrame(rows, schema=["word", "pos"], orient="row")


def _knows(index: set[str], forms: dict[str, list[str]], word: str) -> bool:
    bases = {word, re.sub(r"s$", "", word), re.sub(r"es$", "", word), re.sub(r"ies$", "y", word)}
    for ending in ("ing", "ed", "er", "est"):
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            bases |= {stem, stem + "e", stem[:-1]}
    return word in forms or any(base in index for base in bases)


def classes(counts: pl.DataFrame) -> pl.DataFrame:
    """The class of each word that is no noun: word, class."""
    nouns = pl.col("pos").replace("PROPN", "NOUN").alias("pos")
    best = counts.filter(pl.col("pos").is_in(OPEN)).group_by("word", nouns).agg(pl.col("n").sum())
    best = best.sort("word", "n", "pos", descending=[False, True, False]).unique("word", keep="first")
    found = best.filter(pl.col("pos") != "NOUN").select("word", **{"class": pl.col("pos").replace_strict(CLASSES)})
    return found.with_columns(
        pl.when(pl.col("class") != "verb").then("class")
        .when(pl.col("word").str.ends_with("ing")).then(pl.lit("ing"))
        .when(pl.col("word").str.contains(r"(?:ed|en|wn|ght|orn)$")).then(pl.lit("past"))
        .otherwise("class")
        .alias("class")
    )  # fmt: skip


def main() -> None:
    """Build the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prompts", type=Path)
    parser.add_argument("--words", type=int, default=50_000)
    options = parser.parse_args()
    words = [word for word in top_n_list("en", options.words) if re.fullmatch(r"[a-z]{3,}", word)]
    texts = pl.read_parquet(options.prompts)["text"].drop_nulls()
    counts = pl.concat([prompt_tags(texts).filter(pl.col("word").is_in(words)), carrier_tags(words)])
    found = classes(counts.join(known_tags(words), on=["word", "pos"], how="semi")).sort("word")
    lines = [f"{name}: {' '.join(group['word'])}\n" for (name,), group in found.group_by("class", maintain_order=True)]
    TABLE.write_text(HEAD + "".join(sorted(lines)), "utf-8")


if __name__ == "__main__":
    main()
