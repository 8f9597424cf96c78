"""Stage `export`: what of a study may leave it, in a form that other programs read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from unspool import audits, tables
from unspool.audits._privacy_redaction import redacted
from unspool.audits.privacy import Finding, blocking
from unspool.compiling.pseudonyms import Pseudonyms
from unspool.errors import UnspoolError
from unspool.export import Exported, Settings, form
from unspool.export._people import named_in, without_names
from unspool.export._rare import users_of_grams, without_rare
from unspool.stages.analyze import beside
from unspool.stages.audit import audited
from unspool.study import AUDIT, Study, read_parquet, whole_place

INSIDE = ("text_raw", "input", "record")
"""Columns of the prompts table that stay: the echo is the text in a rougher form, the others point into the log."""
IMAGES = ("captions", "upscaled_images")
TEXTS = ("text", "captions")
REPAIRED = ("emails", "phones", "urls", "url_handles", "raw_ids", "handles")
"""Findings in texts that `redact` takes away."""
DROPPED = "dropped"


def export(
    study: Study,
    name: str,
    out: Path,
    settings: Settings | None = None,
    *,
    key: Path | None = None,
    force: bool = False,
) -> Exported:
    """Write the study in a form to `out`, whole or not at all, and return what was written, with its counts.

    UnspoolError with exit code 3 where the privacy audit finds what points at people and the settings do not allow it.
    People who are dropped are remembered in the manifest by their pseudonyms: every later export leaves them out too.
    """
    settings, module = settings or Settings(), form(name)
    study.columns()
    if out.exists() and not force:
        raise UnspoolError(
            "The place of the export is taken.",
            "There is a file or folder.",
            "Choose another, or add --force.",
            exit_code=2,
        )
    _refuse(study, settings)
    people = _people(study, settings, key)
    data = _exported(study, settings, people, key)
    with whole_place(out) as place:
        module.write(data, place)
    return data


def _refuse(study: Study, settings: Settings) -> None:
    """An error where the privacy audit finds what neither the settings allow nor the redaction takes away."""
    rows = audits.audit("privacy").audit(audited(study, audits.Settings(seed=settings.seed)))
    left = [one for one in blocking(rows) if not _let_pass(one, settings)]
    if left:
        flags = " ".join(dict.fromkeys(f"--allow {one.kind}" for one in left))
        redaction = " Or --redact takes it out of the texts." if any(_in_texts(one) for one in left) else ""
        raise UnspoolError(
            "The export is refused: the log holds what points at people.",
            f"The privacy audit found {'; '.join(one.told for one in left)}.",
            f"See `unspool audit STUDY --audit privacy`. {flags} exports it all the same.{redaction}",
            exit_code=3,
        )


def _in_texts(one: Finding) -> bool:
    return one.column in TEXTS and one.kind in REPAIRED


def _let_pass(one: Finding, settings: Settings) -> bool:
    gone = one.column == "captions" and not settings.images
    return one.kind in settings.allow or gone or (settings.redact and _in_texts(one))


@dataclass(frozen=True)
class People:
    """Who is left out: pseudonyms, names as they were given, and the names among these that nobody has."""

    ids: tuple[str, ...]
    names: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def _people(study: Study, settings: Settings, key: Path | None) -> People:
    """Find the people who are to be dropped, and remember them."""
    known = set(study.scan("prompts").select(pl.col("user_id").unique()).collect()["user_id"].drop_nulls())
    before = list(study.manifest.get(DROPPED, []))
    found = {name: study.user(name, key) for name in settings.drop_users}
    unknown = [name for name, user in found.items() if user not in known and user not in before]
    ids = list(dict.fromkeys([*before, *(user for name, user in found.items() if name not in unknown)]))
    if ids != before:
        study.manifest[DROPPED] = ids
        study.save_manifest()
    return People(tuple(ids), tuple(found), tuple(unknown))


def _exported(study: Study, settings: Settings, people: People, key: Path | None) -> Exported:
    counts: dict[str, int] = {}
    grams = _grams(study, settings, people)
    pseudonyms = study.pseudonyms(key) if people.ids and (key or study.key_path.exists()) else None
    works = Works(study, settings, people, grams, pseudonyms, counts)
    audit = study.audit() if (study.path / AUDIT).exists() else None
    return Exported(works.frames, study.manifest, settings, audit, counts, unknown=people.unknown)


def _grams(study: Study, settings: Settings, people: People) -> pl.DataFrame | None:
    """How many people use each word, or run of words, of the texts that are exported."""
    if settings.min_users < 2:
        return None
    gone = pl.col("user_id").is_in(list(people.ids)).fill_null(False)
    files = _files(study)
    texts = (pl.scan_parquet(f, glob=False).filter(~gone).select("user_id", "text").collect() for f in files)
    return users_of_grams(texts, settings.n_gram)


def _files(study: Study) -> list[Path]:
    return sorted((study.path / "prompts").glob("*.parquet"))


@dataclass
class Works:
    """From the files of a study to the frames that leave it."""

    study: Study
    settings: Settings
    people: People
    grams: pl.DataFrame | None
    pseudonyms: Pseudonyms | None
    counts: dict[str, int] = field(default_factory=dict)

    def frames(self) -> Iterator[pl.DataFrame]:
        """The prompts a file at a time; `counts` are complete at the end. Without prompts there is one empty frame."""
        self.counts.clear()
        self.counts.update(dict.fromkeys(("prompts", "threads", "people", "without_words", "of_dropped_people"), 0))
        for path in _files(self.study):
            frame = self._frame(path)
            self.counts["prompts"] += frame.height
            self.counts["threads"] += frame["thread_id"].drop_nulls().n_unique()
            self.counts["people"] += frame["user_id"].drop_nulls().n_unique()
            yield frame
        if not _files(self.study):
            yield _known(tables.empty(tables.PROMPTS), self.study)

    def _frame(self, path: Path) -> pl.DataFrame:
        rows = beside(self.study.path, str(self.study.manifest["rule"]), path).collect()
        weights = self.study.path / "weights" / path.name
        if weights.exists():
            rows = rows.hstack(read_parquet(weights).drop("prompt_id"))
        gone = rows["user_id"].is_in(pl.Series(self.people.ids, dtype=pl.String).implode()).fill_null(False)
        self.counts["of_dropped_people"] += int(gone.sum())
        left = self._cleaned(_known(rows.filter(~gone), self.study))
        empty = left["text"].str.strip_chars() == ""
        self.counts["without_words"] += int(empty.sum())
        return _steps(left.filter(~empty)).drop(() if self.settings.images else IMAGES, strict=False)

    def _cleaned(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with cleaned texts and captions; lists without captions, and null ones, stay as they are."""
        rows = rows.with_columns(self._without(rows["text"]).alias("text"))
        lists = rows.select("captions").with_row_index("row")
        each = lists.explode("captions", empty_as_null=False, keep_nulls=False)
        if not each.height:
            return rows
        cleaned = each.with_columns(self._without(each["captions"]).alias("captions"))
        grouped = cleaned.group_by("row", maintain_order=True).agg("captions")
        found = lists.join(grouped, on="row", how="left", maintain_order="left", suffix="_clean")
        return rows.with_columns(found.select(pl.coalesce("captions_clean", "captions").alias("captions"))["captions"])

    def _without(self, texts: pl.Series) -> pl.Series:
        """Texts without names of dropped people, personal data and rare words, as the settings ask."""
        if self.people.ids or self.people.names:
            named = named_in(texts, self._pseudonyms_of_dropped(), self.pseudonyms) if self.pseudonyms else []
            texts = without_names(texts, [*self.people.names, *named])
        if self.settings.redact:
            texts = redacted(texts)
        if self.grams is not None:
            texts = without_rare(texts, self.grams, self.settings.min_users, self.settings.n_gram)
        return texts

    def _pseudonyms_of_dropped(self) -> list[str]:
        """Their pseudonyms, and those of their handles."""
        aliases = self.study.path / "aliases.parquet"
        if not aliases.exists():
            return list(self.people.ids)
        found = read_parquet(aliases).filter(pl.col("user_id").is_in(list(self.people.ids)))
        return [*self.people.ids, *found["alias"]]


def _known(rows: pl.DataFrame, study: Study) -> pl.DataFrame:
    """The columns that may leave: of the prompts table, the features and the weights; what a source passed on stays."""
    names = [*tables.PROMPTS.columns, *study.columns(), *tables.WEIGHTS.columns]
    wanted = [name for name in dict.fromkeys(names) if name in rows.columns and name not in INSIDE]
    return tables.conform(rows.select(wanted), replace(tables.PROMPTS, columns=_kept())).select(
        *(name for name in tables.PROMPTS.columns if name not in INSIDE),
        *(name for name in wanted if name not in tables.PROMPTS.columns),
    )


def _kept() -> dict[str, pl.DataType | type[pl.DataType]]:
    return {name: kind for name, kind in tables.PROMPTS.columns.items() if name not in INSIDE}


def _steps(rows: pl.DataFrame) -> pl.DataFrame:
    """Steps counted anew within threads, where prompts were left out of them."""
    within = pl.col("thread_id").is_not_null()
    rank = pl.col("step").rank("ordinal").over("thread_id")
    size = pl.len().over("thread_id")
    return rows.with_columns(
        step=pl.when(within).then(rank).cast(pl.UInt32), steps_left=pl.when(within).then(size - rank).cast(pl.UInt32)
    )


def left_behind(study: Study) -> Sequence[str]:
    """Columns of the prompts that an export never holds."""
    known = {*tables.PROMPTS.columns, *study.columns()}
    return [name for name in study.scan("prompts").collect_schema() if name not in known or name in INSIDE]
