"""The same log gives the same numbers, whatever the key of its study and however its prompts are cut into files."""

import polars as pl
import pytest

from unspool.analyses import Settings
from unspool.audits import Settings as Audits
from unspool.export import SPLITS
from unspool.labels import PSEUDONYMS, labelled
from unspool.simulate import simulate
from unspool.stages import bucketing
from unspool.stages import read as reading
from unspool.stages.analyze import analyze
from unspool.stages.audit import audit_study
from unspool.stages.export import export
from unspool.stages.measure import measure
from unspool.stages.thread import thread
from unspool.study import AUDIT, RESULTS

FEATURES = ("length", "style", "magic_words")
USERS = {".json": 100, ".parquet": 40}
QUICK = Settings(draws=50, seed=3)
CLOSE = 1e-9
"""Sums over people in another order differ in their last bits."""


def studied(log, place):
    """The study of a log, under a new random key."""
    study = thread(thread(reading.read([str(log)], place, jobs=1), "iou"), "scene", choose=True)
    measure(study, names=FEATURES, jobs=1)
    return audit_study(analyze(study, QUICK, jobs=1), Audits(seed=3, permutations=19))


@pytest.fixture(scope="module", params=["model_by_taste.json", "details_noticed.parquet"])
def twice(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("twice")
    log = folder / request.param
    simulate(log.stem, seed=5, users=USERS[log.suffix]).write_log(log)
    one = studied(log, folder / "one")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "BUCKET_BYTES", log.stat().st_size // 6)
        patch.setattr(bucketing, "BUCKET_BYTES", log.stat().st_size // 6)
        other = studied(log, folder / "other")
    return one, other


def test_the_two_have_no_id_in_common_and_other_files(twice):
    one, other = (study.prompts() for study in twice)
    for name in ("user_id", "prompt_id"):
        assert not set(one[name]) & set(other[name])
    files = [len(list((study.path / "prompts").iterdir())) for study in twice]
    assert files[0] == 1 < files[1]


@pytest.mark.parametrize("table", [RESULTS, AUDIT])
def test_no_number_and_no_note_differs(twice, table):
    one, other = (pl.read_parquet(study.path / table) for study in twice)
    words = [name for name, kind in one.schema.items() if not kind.is_float()]
    assert one.select(words).equals(other.select(words))
    assert one.filter(pl.col("estimate").is_not_null()).height > 200
    for name in set(one.columns) - set(words):
        both = pl.DataFrame({"one": one[name], "other": other[name]})
        apart = (pl.col("one") - pl.col("other")).abs() > CLOSE * (1 + pl.col("one").abs())
        lost = pl.col("one").is_null() != pl.col("other").is_null()
        assert both.with_row_index().filter(apart | lost).is_empty(), name


def test_people_are_in_the_same_split(twice, tmp_path):
    found = []
    for study in twice:
        export(study, "hf", tmp_path / study.path.name)
        rows = [
            pl.read_parquet(file, columns=["prompt_id"]).with_columns(split=pl.lit(split))
            for split in SPLITS
            for file in (tmp_path / study.path.name / "data" / "prompts").glob(f"{split}-*.parquet")
        ]
        found.append(
            pl.concat(rows).join(study.prompts(), on="prompt_id").select("input", "record", "split").sort(pl.all())
        )
    assert found[0]["split"].n_unique() == len(SPLITS)
    assert found[0].equals(found[1])


def test_what_nobody_knows_the_record_of_keeps_its_id():
    prompts = pl.DataFrame(
        {"user_id": ["b", "a", None], "user_record": [7, None, None], "prompt_id": ["z", "y", "x"]},
        schema_overrides={"user_record": pl.UInt64},
    )
    found = labelled(prompts)
    assert found["user_id"].to_list() == ["00000000000000000007", "a", None]
    assert found["prompt_id"].to_list() == ["z", "y", "x"]
    assert found[PSEUDONYMS["user_id"]].to_list() == ["b", "a", None]
