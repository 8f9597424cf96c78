"""Add the runs of `unspool validate --out RUNS` to docs/validation.csv, from which docs/validation.md is written.

    python scripts/add_validation.py RUNS COMMIT

RUNS holds the runs of one state of the code, COMMIT, which stands beside their sums: one row per claim and batch of
runs. Scenarios without a run in it are left out. Seeds that an earlier batch of a claim has are refused, as a log must
not count twice.
"""

import sys
from pathlib import Path

import polars as pl

from unspool.study import read_parquet
from unspool.validation.claims import CLAIMS, PLACE, scenarios
from unspool.validation.tallies import TALLY, tally

TABLE = Path(__file__).parents[1] / "docs" / "validation.csv"
BATCH = {"commit": pl.String, "first_seed": pl.Int64, "last_seed": pl.Int64}


def batches() -> pl.DataFrame:
    """The tallies so far, one row per claim and batch."""
    return pl.read_csv(TABLE, schema=BATCH | TALLY) if TABLE.is_file() else pl.DataFrame(schema=BATCH | TALLY)


def batch(runs: Path, commit: str) -> pl.DataFrame:
    """The tally of a folder's runs: of the seeds that each of its scenarios has."""
    found = {name: listed for name in scenarios() if (listed := sorted((runs / name).glob("*.parquet")))}
    both = sorted(set.intersection(*({_seed(path) for path in listed} for listed in found.values()))) if found else []
    if not both:
        raise SystemExit(f"There is no seed of which {runs} has a run of each of its scenarios.")
    tables = [read_parquet(path) for listed in found.values() for path in listed if _seed(path) in both]
    seeds = [pl.lit(commit).alias("commit"), pl.lit(both[0]).alias("first_seed"), pl.lit(both[-1]).alias("last_seed")]
    claims = [claim for claim in CLAIMS if claim.scenario in found]
    return tally(pl.concat(tables), claims).select(*seeds, *TALLY).cast(dict(BATCH))


def _seed(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


def main(runs: str, commit: str) -> None:
    """Add a batch."""
    old, new = batches(), batch(Path(runs), commit)
    first, last = new.select("first_seed", "last_seed").row(0)
    again = old.filter(pl.col("first_seed") <= last, pl.col("last_seed") >= first).join(
        new, on=list(PLACE), nulls_equal=True
    )
    if again.height:
        raise SystemExit(f"Some of the seeds {first} to {last} of {again.height} claims are in {TABLE.name} already.")
    pl.concat([old, new]).write_csv(TABLE, float_precision=9)
    print(f"Added seeds {first} to {last} of {new.height} claims; now run scripts/docs.py.")


if __name__ == "__main__":
    main(*sys.argv[1:])
