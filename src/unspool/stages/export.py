"""Stage `export`: what of a study may leave it, in a form that other programs read."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from unspool import audits, tables
from unspool.audits._privacy_people import named, people, tokens_of
from unspool.audits._privacy_redaction import redacted
from unspool.audits.privacy import blocking, pointing
from unspool.compiling.pseudonyms import Pseudonyms
from unspool.errors import UnspoolError
from unspool.export import Exported, Settings, form
from unspool.export._parameters import cleaned, with_prose
from unspool.export._people import without_names
from unspool.export._rare import users_of_grams, without_rare
from unspool.labels import PSEUDONYMS, labelled
from unspool.stages.analyze import beside
from unspool.stages.audit import audited
from unspool.study import AUDIT, Study, read_parquet, whole_place

INSIDE = ("text_raw", "input", "record", "user_record")
"""Columns of the prompts table that stay: the echo is the text in a rougher form, the others point into the log."""
IMAGES = ("captions", "upscaled_images")
COUNTED = ("prompts", "threads", "people", "of_dropped_people", "without_words")
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

    What may leave is made ready first, file by file, and audited: UnspoolError with exit code 3 where it points at
    people and the settings do not allow it. People who are dropped are remembered in the manifest by their pseudonyms:
    every later export leaves them out too.
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
    works = Works(study, settings, *_people(study, settings, key))
    with tempfile.TemporaryDirectory(prefix="unspool-") as folder:
        works.make_ready(Path(folder))
        _refuse(works, Path(folder))
        data = works.exported(Path(folder))
        with whole_place(out) as place:
            module.write(data, place)
    return data


def _refuse(works: "Works", folder: Path) -> None:
    """An error where what is to leave points at people, and the settings do not allow it."""
    plain = audited(works.study, audits.Settings(seed=works.settings.seed))
    log = replace(plain.log, prompts=_scan(folder))
    found = pointing(replace(plain, log=log, rejects=None, pseudonyms=works.key))
    left = [one for one in blocking(found) if one.kind not in works.settings.allow]
    if left:
        flags = " ".join(dict.fromkeys(f"--allow {one.kind}" for one in left))
        redaction = "" if works.settings.redact else " --redact takes such finds out of texts, parameters and captions."
        raise UnspoolError(
            "The export is refused: what would leave the study points at people.",
            f"The privacy audit found {'; '.join(one.told for one in left)}.",
            f"See `unspool audit STUDY --audit privacy`. {flags} exports it all the same.{redaction}",
            exit_code=3,
        )


def _scan(folder: Path) -> pl.LazyFrame:
    return pl.scan_parquet(
        sorted(folder.glob("*.parquet")), glob=False, missing_columns="insert", extra_columns="ignore"
    )


@dataclass(frozen=True)
class People:
    """Who is left out: pseudonyms, names as they were given, and the names among these that nobody has."""

    ids: tuple[str, ...]
    names: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def _people(study: Study, settings: Settings, key: Path | None) -> tuple[People, Pseudonyms | None]:
    """Find the people who are to be dropped, and remember them; the key, where there is one."""
    pseudonyms = study.pseudonyms(key) if key or study.key_path.exists() or settings.drop_users else None
    known = set(study.scan("prompts").select(pl.col("user_id").unique()).collect()["user_id"].drop_nulls())
    before = list(study.manifest.get(DROPPED, []))
    found = {name: study.user(name, key) for name in settings.drop_users}
    unknown = [name for name, user in found.items() if user not in known and user not in before]
    ids = list(dict.fromkeys([*before, *(user for name, user in found.items() if name not in unknown)]))
    if ids != before:
        study.manifest[DROPPED] = ids
        study.save_manifest()
    return People(tuple(ids), tuple(found), tuple(unknown)), pseudonyms


@dataclass
class Works:
    """From the files of a study to the frames that leave it."""

    study: Study
    settings: Settings
    people: People
    key: Pseudonyms | None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))

    def make_ready(self, folder: Path) -> None:
        """Write each file of prompts as it may leave, with what a source passed on, which is only audited."""
        grams, hidden = self._grams(), self._hidden()
        files: list[Path | None] = [*_files(self.study)]
        for path in files or [None]:
            frame = self._frame(path, grams, hidden)
            self.counts["prompts"] += frame.height
            self.counts["threads"] += frame["thread_id"].drop_nulls().n_unique()
            self.counts["people"] += frame["user_id"].drop_nulls().n_unique()
            frame.write_parquet(folder / (path.name if path else "none.parquet"), compression="lz4")

    def exported(self, folder: Path) -> Exported:
        """What the forms get."""
        audit = self.study.audit() if (self.study.path / AUDIT).exists() else None
        kept = [name for name in _scan(folder).collect_schema() if name in leaving(self.study)]

        def frames() -> Iterator[pl.DataFrame]:
            yield from (read_parquet(path).select(kept) for path in sorted(folder.glob("*.parquet")))

        return Exported(
            frames,
            self.study.manifest,
            self.settings,
            audit,
            self.counts,
            self.people.unknown,
            self.settings.title,
            self._labels(),
        )

    def _labels(self) -> pl.DataFrame:
        people = self.study.scan("prompts").select("user_id", "user_record").unique(maintain_order=True)
        named = labelled(people).select(user_id=PSEUDONYMS["user_id"], label="user_id")
        return named.drop_nulls().collect()

    def _grams(self) -> pl.DataFrame | None:
        """How many people use each word, or run of words, of the texts and parameters that are exported."""
        if self.settings.min_users < 2:
            return None
        stay = ~pl.col("user_id").is_in(list(self.people.ids)).fill_null(False)
        files = _files(self.study)
        rows = (pl.scan_parquet(f, glob=False).filter(stay).select("user_id", "text", "params") for f in files)
        return users_of_grams((with_prose(one.collect()) for one in rows), self.settings.n_gram)

    def _hidden(self) -> pl.Series:
        """Pseudonyms of people and of handles whose mention by others is replaced: of dropped ones, or of all."""
        place = self.study.path / "aliases.parquet"
        aliases = read_parquet(place) if place.exists() else None
        everyone = self.study.scan("prompts").select("user_id")
        if self.settings.redact:
            return people(everyone, aliases)
        return people(everyone.filter(pl.col("user_id").is_in(list(self.people.ids))), aliases)

    def _frame(self, path: Path | None, grams: pl.DataFrame | None, hidden: pl.Series) -> pl.DataFrame:
        rows = _rows(self.study, path)
        gone = rows["user_id"].is_in(pl.Series(self.people.ids, dtype=pl.String).implode()).fill_null(False)
        self.counts["of_dropped_people"] += int(gone.sum())
        left = rows.filter(~gone).drop(() if self.settings.images else IMAGES)
        left = self._cleaned(left, grams, hidden)
        empty = left["text"].str.strip_chars() == ""
        self.counts["without_words"] += int(empty.sum())
        return _steps(left.filter(~empty))

    def _cleaned(self, rows: pl.DataFrame, grams: pl.DataFrame | None, hidden: pl.Series) -> pl.DataFrame:
        """The rows with cleaned texts, parameters and captions; lists without captions, and null ones, stay."""
        whole = redacted if self.settings.redact else _same
        rows = rows.with_columns(
            self._without(rows["text"], grams, hidden).alias("text"),
            cleaned(rows["params"], lambda said: self._without(said, grams, hidden), whole).alias("params"),
        )
        if "captions" not in rows.columns:
            return rows
        lists = rows.select("captions").with_row_index("row")
        each = lists.explode("captions", empty_as_null=False, keep_nulls=False)
        if not each.height:
            return rows
        left = each.with_columns(self._without(each["captions"], grams, hidden).alias("captions"))
        grouped = left.group_by("row", maintain_order=True).agg("captions")
        found = lists.join(grouped, on="row", how="left", maintain_order="left", suffix="_clean")
        return rows.with_columns(found.select(pl.coalesce("captions_clean", "captions").alias("captions"))["captions"])

    def _without(self, texts: pl.Series, grams: pl.DataFrame | None, hidden: pl.Series) -> pl.Series:
        """Texts without names of dropped people, personal data and rare words, as the settings ask."""
        told = named(tokens_of(texts), hidden, self.key) if self.key and len(hidden) else []
        texts = without_names(texts, [*self.people.names, *told])
        if self.settings.redact:
            texts = redacted(texts)
        if grams is not None:
            texts = without_rare(texts, grams, self.settings.min_users, self.settings.n_gram)
        return texts


def _same(texts: pl.Series) -> pl.Series:
    return texts


def _files(study: Study) -> list[Path]:
    return sorted((study.path / "prompts").glob("*.parquet"))


def _rows(study: Study, path: Path | None) -> pl.DataFrame:
    """The prompts of a file with threads, features and weights; without INSIDE. No file: no rows."""
    if path is None:
        return tables.empty(tables.PROMPTS).drop(INSIDE)
    rows = beside(study.path, str(study.manifest["rule"]), path).collect()
    weights = study.path / "weights" / path.name
    if weights.exists():
        rows = rows.hstack(read_parquet(weights).drop("prompt_id"))
    names: list[str] = sorted(rows.columns, key=_place)
    return rows.select(names).drop(INSIDE, strict=False)


def _place(name: str) -> int:
    """Columns of the prompts table come first, in its order."""
    known = list(tables.PROMPTS.columns)
    return known.index(name) if name in known else len(known)


def leaving(study: Study) -> set[str]:
    """Columns that may leave: of the prompts table, the features and the weights; what a source passed on stays."""
    return {*tables.PROMPTS.columns, *study.columns(), *tables.WEIGHTS.columns} - set(INSIDE)


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
    return [name for name in study.scan("prompts").collect_schema() if name not in leaving(study)]
