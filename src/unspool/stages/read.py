"""Stage `read`: logs to prompts and rejects, in two passes over buckets of users, with books that balance."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

import unspool
from unspool import sources
from unspool.compiling.pseudonyms import Pseudonyms, hexadecimal, normal
from unspool.compiling.routing import owners
from unspool.compiling.settings import ReadSettings
from unspool.engine import Runner, worker_count, workers
from unspool.errors import UnspoolError
from unspool.sources import Options, Span
from unspool.sources._inputs import Input, find, sha256
from unspool.stages.books import balance, check_blank, dropped_records
from unspool.stages.bucketing import BUCKET_BYTES, Bucket, work_bucket
from unspool.stages.parsing import Gathered, Part, parse_part, scatter_part, seen_users, waiting
from unspool.study import RESULTS, Study, fingerprint, key_beside, read_parquet, sweep, write_parquet

Progress = Callable[[str, int, int], None]
SMALL_BYTES = 16 * 2**20


def silent(what: str, done: int, of: int) -> None:
    """Show nothing."""


def read(
    logs: Sequence[str],
    study: str | Path,
    settings: ReadSettings | None = None,
    *,
    key: str | Path | None = None,
    force: bool = False,
    jobs: int | None = None,
    progress: Progress = silent,
) -> Study:
    """Compile logs into the prompts of a study and return it.

    What was done with the same inputs and settings is skipped, a run that was cut goes on. Other inputs than the
    study's are an error unless `force`, or unless no prompt was left of those.
    """
    settings = settings or ReadSettings()
    place = Path(study).resolve()
    inputs = find(list(logs), settings.source, leave_out=(place, key_beside(place)))
    opened = Study.open_or_make(place, key, force=force)
    pseudonyms = opened.pseudonyms(key)
    with opened.locked():
        listed = [{**_described(i), "sha256": sha256(i.path)} for i in inputs]
        _check_inputs(opened, listed, force)
        public = _public(settings, pseudonyms)
        mark = fingerprint(listed, public, unspool.__version__, pseudonyms.fingerprint())
        if opened.stage_done("read", mark):
            opened.finish("read")
            return opened
        opened.manifest |= {"inputs": listed, "settings": public, "version": unspool.__version__}
        opened.mark("read", mark, "running")
        small = sum(i.unpacked for i in inputs) <= SMALL_BYTES and jobs is None
        work = opened.work("read", mark)
        try:
            with workers(1 if small else worker_count(jobs)) as runner:
                _Reading(opened, inputs, settings, pseudonyms, runner, progress, work).all()
        except UnspoolError:
            _forget_inputs(opened)
            raise
        opened.mark("read", mark, "done")
        opened.finish("read")
    return opened


def _public(settings: ReadSettings, pseudonyms: Pseudonyms) -> dict[str, Any]:
    """The settings as the manifest may hold them: people and channels as pseudonyms."""
    channels = pl.Series(settings.channels, dtype=pl.String)
    people = pl.Series([name.strip() for name in settings.drop_users], dtype=pl.String)
    return asdict(settings) | {
        "channels": pseudonyms.ids(channels, "channel").to_list(),
        "drop_users": pseudonyms.ids(people, "user").to_list(),
    }


def _forget_inputs(study: Study) -> None:
    """A first reading that failed leaves no tables, so that the next one may name other inputs."""
    if not (study.path / "prompts").exists():
        study.manifest.pop("inputs", None)
        study.save_manifest()


def _described(item: Input) -> dict[str, Any]:
    return {"number": item.number, "source": item.source, "size": item.size}


def _check_inputs(study: Study, listed: list[dict[str, Any]], force: bool) -> None:
    before = study.manifest.get("inputs")
    kept_none = study.manifest.get("counts", {}).get("total", {}).get("prompts") == 0
    if before is None or force or kept_none or [i["sha256"] for i in before] == [i["sha256"] for i in listed]:
        return
    raise UnspoolError(
        "The study was made from other inputs.",
        f"It has {len(before)} input(s), {len(listed)} given now, and the contents differ.",
        "Choose another study with -o, or add --force to make this one anew.",
        exit_code=2,
    )


class _Reading:
    """The steps of one reading."""

    def __init__(
        self,
        study: Study,
        inputs: list[Input],
        settings: ReadSettings,
        pseudonyms: Pseudonyms,
        runner: Runner,
        progress: Progress,
        work: Path,
    ) -> None:
        self.study, self.inputs, self.settings, self.pseudonyms = study, inputs, settings, pseudonyms
        self.runner, self.progress, self.work = runner, progress, work
        size = sum(i.unpacked for i in inputs)
        self.buckets = 1 << max(0, -(-size // BUCKET_BYTES) - 1).bit_length()
        self.gather = any(sources.source(i.source).LINKED for i in inputs)
        self.parts, self.events, self.out = work / "parts", work / "events", work / "out"

    def all(self) -> None:
        if not (self.work / "ready").exists():
            self._parse()
            events = self._spread() if self.gather else self.parts
            self._compile(events)
            self._collect()
        self._publish()

    def _run(self, what: str, function: Callable[[Any], int], tasks: Sequence[Any]) -> None:
        self.progress(what, 0, len(tasks))
        for done, _ in enumerate(self.runner.run(function, tasks), 1):
            self.progress(what, done, len(tasks))

    def _parse(self) -> None:
        options = Options(self.settings.columns, self.settings.timezone)
        spans: list[tuple[Input, Span]] = []
        for item in self.inputs:
            source = sources.source(item.source)
            cut = getattr(source, "spans", None)
            spans += [(item, span) for span in (cut(item.path, options) if cut else [Span()])]
        self.parts.mkdir(exist_ok=True)
        rest = (self.settings, self.pseudonyms.key, self.buckets, self.gather, self.parts)
        self._run("reading", parse_part, [Part(n, item, span, *rest) for n, (item, span) in enumerate(spans)])
        check_blank(self.parts)

    def _spread(self) -> Path:
        path = self.work / "owners.arrow"
        if not path.exists():
            temporary = path.with_suffix(".new")
            owners(waiting(self.parts), self.settings.actions).write_ipc(temporary)
            temporary.replace(path)
        self.events.mkdir(exist_ok=True)
        found = sorted(p for p in self.parts.iterdir() if not p.name.startswith("."))
        tasks = [Gathered(int(p.name), p, path, self.buckets, self.events) for p in found]
        self._run("sorting by user", scatter_part, tasks)
        return self.events

    def _compile(self, events: Path) -> None:
        for name in ("prompts", "rejects", "counts"):
            (self.out / name).mkdir(parents=True, exist_ok=True)
        named = {i.number: i.source for i in self.inputs}
        dropped = tuple(sorted(set[int]().union(*self._people())))
        rest = (events, self.out, named, self.settings, dropped, self.pseudonyms.key)
        tasks = [Bucket(number, *rest) for number in range(self.buckets)]
        self._run("compiling", work_bucket, tasks)

    def _aliases(self) -> pl.DataFrame:
        """Digests of names with those of the ids that they are names of."""
        empty = pl.DataFrame(schema={"alias": pl.UInt64, "user_id": pl.UInt64})
        files = sorted(self.parts.glob("[0-9]*/aliases-*.parquet"))
        return pl.concat([empty, *(read_parquet(file) for file in files)]).unique(maintain_order=True)

    def _people(self) -> list[set[int]]:
        """Digests of each one to leave out, named by id or by a name that anywhere in the log stands by an id."""
        aliases, people = self._aliases(), list[set[int]]()
        for name in self.settings.drop_users:
            digests = self.pseudonyms.digest(pl.Series([name.strip(), normal(name)]), "user")
            people.append({*digests, *aliases.filter(pl.col("alias").is_in(digests.implode()))["user_id"]})
        return people

    def _missed(self) -> list[int]:
        """Which of the people to leave out no record is by, counted from 1 as they were named."""
        people = self._people()
        there = seen_users(self.events if self.gather else self.parts, set[int]().union(*people))
        return [number for number, digests in enumerate(people, 1) if not digests & there]

    def _collect(self) -> None:
        """Add the rejects and aliases of the first pass, balance the books, and say that all is ready."""
        for name in ("prompts", "rejects"):
            sweep(self.out / name)
        files = sorted(self.parts.glob("[0-9]*/rejects-*.parquet"))
        for number, place in enumerate(sorted({file.parent for file in files})):
            found = pl.concat([read_parquet(file) for file in sorted(place.glob("rejects-*.parquet"))])
            if found.height:
                write_parquet(found, self.out / "rejects" / f"read-{number:06d}.parquet")
        aliases = self._aliases()
        named = aliases.select(hexadecimal(aliases["alias"]), hexadecimal(aliases["user_id"]))
        write_parquet(named, self.out / "aliases.parquet")
        place = self.out / "counts"
        counts = balance(self.parts, place, [i.number for i in self.inputs])
        self.study.manifest |= {"buckets": self.buckets, "counts": counts, "n_dropped": dropped_records(place)}
        self.study.manifest["missed_users"] = self._missed()
        self.study.save_manifest()
        (self.work / "ready").touch()

    def _publish(self) -> None:
        """Move what is ready into its place; done again after a cut, it ends the same."""
        for name in ("prompts", "rejects", "aliases.parquet"):
            made, place = self.out / name, self.study.path / name
            if made.exists():
                shutil.rmtree(place, ignore_errors=True) if place.is_dir() else place.unlink(missing_ok=True)
                made.rename(place)
        for folder in ("threads", "features", "edits"):
            shutil.rmtree(self.study.path / folder, ignore_errors=True)
        for file in (RESULTS, "report.html"):
            (self.study.path / file).unlink(missing_ok=True)
        for item, counts in zip(self.study.manifest["inputs"], self.study.manifest["counts"]["inputs"], strict=True):
            item["records"] = counts["records"]
        self.study.manifest["stages"] = {"read": self.study.manifest["stages"]["read"]}
        self.study.manifest |= {"rules": {}, "rule": None, "features": {}}
        self.study.manifest.pop("edits", None)
