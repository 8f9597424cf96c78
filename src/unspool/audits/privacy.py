"""What in a study still points at people, after ids were replaced by keyed digests and links and mentions taken out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from unspool.analyses import _words as words
from unspool.audits import Audited, rows
from unspool.audits._privacy_columns import DIGESTED, passed_on, said, strings
from unspool.audits._privacy_grams import gram_rows
from unspool.audits._privacy_names import private
from unspool.audits._privacy_people import NO_KEY, own_handles
from unspool.audits._shares import Row
from unspool.labels import pseudonym
from unspool.models.names import CANDIDATE, names
from unspool.syntax.identifiers import DIGEST, TESTS, has_phone

TITLE = "Privacy"
QUESTION = "Does the study hold what points at the people who wrote the prompts, or at others?"
CITATION = (
    "Telephone numbers: libphonenumber; names: spaCy, en_core_web_sm; k-anonymity: Sweeney 2002, for logs of queries "
    "Adar 2007 (User 4XXXXX9)"
)
LIMITS = (
    "Patterns find what is written as such. A prompt can point at its writer by what it tells, and a picture by what "
    "it shows; most names of persons in prompts are of artists, actors and characters, and the recogniser errs in both "
    "ways."
)
ORDER = 50
FIGURES: tuple[str, ...] = ()
BLOCKING = ("raw_ids", "url_handles", "emails", "phones", "handles", "unsalted_hashes")
CALLED = {
    "raw_ids": "raw ids",
    "url_handles": "addresses with handles",
    "emails": "e-mail addresses",
    "phones": "telephone numbers",
    "handles": "handles of people",
    "unsalted_hashes": "digests that look unsalted",
    "urls": "links",
}
OWN = "own people"
"""The group of the log's own people, whose handles are looked for in prompts: no column has that name."""
ONE_COLUMN = ("handles", "names_private", "names")
FIELDS = {"consent": r"(?i)consent|opt_?(?:in|out)\b", "licence": r"(?i)licen[cs]e|rights|terms"}
MOST_NAMED = 5_000
"""Texts that the recogniser of names reads at most."""


@dataclass(frozen=True)
class Finding:
    """A reason not to pass a study on: its kind, the column it was found in (or OWN), and the sentence."""

    kind: str
    column: str
    told: str


def audit(log: Audited) -> pl.DataFrame:
    """Rows `n_prompts` (values that hold one) by kind and, in `group`, column; in group null of all columns.

    Kinds: raw_ids, unsalted_hashes, urls, url_handles, emails, phones, handles; names and names_private (of texts);
    k_anonymity (docs/audits/privacy.md); consent and licence: 1 if a column tells it. No row holds what was found.
    """
    return rows(log, "privacy", [*_pointing(log), *_names(log), *gram_rows(log), *_fields(log)])


def pointing(log: Audited) -> pl.DataFrame:
    """Those rows alone that can block an export."""
    return rows(log, "privacy", _pointing(log))


def _pointing(log: Audited) -> Iterator[Row]:
    yield from _patterns(log)
    yield from _raw(log)
    yield from _handles(log)


def _raw(log: Audited) -> Iterator[Row]:
    """Ids of the study that are no pseudonyms."""
    schema = log.prompts.collect_schema()
    for column in (name for name in DIGESTED if name in schema):
        id_ = pseudonym(column, schema)
        raw = ~id_.str.contains(r"^[0-9a-f]{16}$")
        found = log.prompts.select(raw.sum(), n=id_.count()).collect().row(0)
        if found[0]:
            yield _count("raw_ids", column, int(found[0]), int(found[1]))


def _patterns(log: Audited) -> Iterator[Row]:
    """Counts by kind and column; a kind that is nowhere has a row of 0."""
    counts: dict[str, dict[str, int]] = {kind: {} for kind in (*TESTS, "phones", "unsalted_hashes")}
    seen = 0
    for column, values in strings(log):
        tests = {kind: test(pl.col("value")).sum() for kind, test in TESTS.items()}
        found = values.select(
            **tests, unsalted_hashes=pl.col("value").str.contains(DIGEST).sum(), n=pl.col("value").count()
        ).collect()
        seen = max(seen, int(found["n"][0]))
        for kind in (*TESTS, "unsalted_hashes"):
            counts[kind][column] = int(found[kind][0] or 0)
        counts["phones"][column] = _phones(values)
    for kind, by_column in counts.items():
        if kind == "handles":
            continue
        yield _count(kind, None, sum(by_column.values()), seen)
        yield from (_count(kind, column, n, seen) for column, n in by_column.items() if n)
    yield from (_count("handles", column, n, seen) for column, n in counts["handles"].items() if n)


def _phones(values: pl.LazyFrame) -> int:
    from unspool.syntax.identifiers import PHONE

    candidates = values.filter(pl.col("value").str.contains(PHONE)).select("value").collect()["value"]
    return int(has_phone(candidates).sum())


def _count(kind: str, column: str | None, n: int, seen: int) -> Row:
    return {
        **{"feature": kind, "estimand": "n_prompts", "group": column, "estimate": float(n), "n_prompts": seen},
        "method": "values that match the pattern",
    }


def _handles(log: Audited) -> Iterator[Row]:
    """Prompts in which a handle or id of the log's own people stands plain."""
    found = own_handles(log)
    same = {"feature": "handles", "estimand": "n_prompts"}
    if found is None:
        yield {**same, "group": OWN, "note": NO_KEY}
        return
    n, seen = found
    yield {
        **same,
        "group": OWN,
        "estimate": float(n),
        "n_prompts": seen,
        "method": "tokens whose keyed digest is that of a person of the log",
    }


def _names(log: Audited) -> Iterator[Row]:
    written = log.prompts.select("user_id", text=said(log.prompts.collect_schema())).with_row_index("prompt")
    texts = written.explode("text", empty_as_null=False).filter(pl.col("text").str.contains(CANDIDATE)).collect()
    note = None
    if texts.height > MOST_NAMED:
        note = f"on a random sample of {MOST_NAMED:,} of the {texts.height:,} texts with two capitalised words in a row"
        texts = texts.sample(MOST_NAMED, seed=log.settings.seed)
    total = log.prompts.select(pl.len()).collect().item()
    found = names(texts["text"].to_list())
    listed = pl.concat([found.select("name"), texts[found["text"], ["user_id", "prompt"]]], how="horizontal")
    told = private(listed, log.settings.min_users) if listed.height else listed.with_columns(private=pl.lit(False))
    for kind, part in (("names", told), ("names_private", told.filter("private"))):
        yield {
            **{"feature": kind, "estimand": "n_prompts", "group": "text", "estimate": float(part["prompt"].n_unique())},
            **{"n_prompts": total, "n_users": part["user_id"].drop_nulls().n_unique(), "note": note},
            "method": "names of two or more capitalised words that spaCy takes for a person's",
        }


def _fields(log: Audited) -> Iterator[Row]:
    """Whether a column of the log, or the manifest, says under which terms it may be used."""
    schema = log.prompts.collect_schema()
    for feature, pattern in FIELDS.items():
        named = [name for name in [*passed_on(log), *log.manifest] if pl.Series([name]).str.contains(pattern)[0]]
        there = [name for name in named if name in schema]
        n = log.prompts.select(pl.any_horizontal(pl.col(there).is_not_null()).sum()).collect().item() if there else 0
        note = None if named else f"the log has no column that tells {feature}"
        yield {
            "feature": feature,
            "estimand": "present",
            "estimate": float(bool(named)),
            "n_prompts": n,
            "note": note,
            "method": "names of columns",
        }


def blocking(found: pl.DataFrame) -> list[Finding]:
    """Why the study must not be passed on as it is: one for each kind and column of the audit's rows."""
    hits = found.filter(
        pl.col("feature").is_in(BLOCKING),
        pl.col("estimand") == "n_prompts",
        pl.col("group").is_not_null(),
        pl.col("estimate") > 0,
    )
    return [
        Finding(kind, group, f"{_found_in(kind, group, int(n))} (--allow {kind})")
        for kind, group, n in hits.select("feature", "group", "estimate").iter_rows()
    ]


def _found_in(kind: str, group: str, n: int) -> str:
    if group == OWN:
        return f"handles or ids of the log's own people in {words.number_of(n, 'prompt')}"
    return f"{CALLED[kind]} in {words.number_of(n, 'value')}, column {group}"


def findings(found: pl.DataFrame) -> list[str]:
    """What blocks an export, or that nothing was found; names, rare words, consent."""
    return [*_blocked(found), *_named(found), *_rare(found), *_told_terms(found)]


def _blocked(found: pl.DataFrame) -> Iterator[str]:
    reasons = blocking(found)
    if reasons:
        told = "; ".join(one.told for one in reasons)
        yield f"Found: {told}. An export is refused until this is allowed or redacted."
    else:
        yield (
            "No raw id, e-mail address, telephone number, handle or address with a handle was found in any column; ids "
            "are keyed digests, and links and mentions were taken out when the log was read."
        )
    own = found.filter(feature="handles", group=OWN)
    if own.height and own["estimate"][0] is None:
        yield f"Whether prompts hold handles of the log's own people is not known: {own['note'][0]}."


def _named(found: pl.DataFrame) -> Iterator[str]:
    every, few = (words.row(found, feature=kind, estimand="n_prompts") for kind in ("names", "names_private"))
    if every and few and every["estimate"]:
        yield (
            f"{int(every['estimate']):,} prompts hold what looks like a person's full name, {int(few['estimate']):,} "
            "of them a name that few people write and that is no artist's on the list: read those before you pass them "
            "on."
        )


def _rare(found: pl.DataFrame) -> Iterator[str]:
    one = words.row(found, feature="k_anonymity", estimand="rare", group="1 word")
    three = words.row(found, feature="k_anonymity", estimand="unique", group="3 words")
    if one and three:
        below = str(one["note"]).split("; ")[0]
        yield (
            f"{words.percent(one['estimate'])} of prompts ({words.percent_interval(one)}) hold a word {below}, and "
            f"{words.percent(three['estimate'])} a run of three words that only one person uses: whoever knows a "
            "person's prompts finds them again. An export takes rare words out, if told so (--min-users K)."
        )


def _told_terms(found: pl.DataFrame) -> Iterator[str]:
    missing = [
        kind for kind in FIELDS if (row := words.row(found, feature=kind, estimand="present")) and not row["estimate"]
    ]
    if missing:
        terms = " or ".join(missing)
        yield f"The log has no column that tells {terms}: whether it may be used at all has to be known from elsewhere."


def kinds_blocking(found: pl.DataFrame) -> Sequence[str]:
    """The bare kinds of `blocking`."""
    return list(dict.fromkeys(one.kind for one in blocking(found)))
