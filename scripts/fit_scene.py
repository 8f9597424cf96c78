"""Fit and cross-validate the coefficients of the grouping rule `scene`.

    python scripts/fit_scene.py BOUNDARIES PROMPTS QUERIES [--write] [--seeds 0 1 2 3 4] [--nested]

BOUNDARIES: tsv of user, previous_timestamp, timestamp, label_1, label_2 ("new" or "same"; pairs whose labels differ are
left out). PROMPTS: json lines of user, timestamp, text with parameters, which the boundaries point into. QUERIES: the
Webis-SMC-12 tsv; rows of one user, time and query (several clicks) count once, and a pair is new where the mission
differs. Users never stand on both sides of a fold.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from unspool.threads import scene
from unspool.threads._scene_features import features, users

TARGET = Path(__file__).parents[1] / "src/unspool/lexicons/scene_coefficients.json"
PARAMETER = re.compile(r"\s--(\S+)((?:\s+(?!--)\S+)*)")
PENALTY = 2.0
VARIANT_WEIGHT = 0.5
BY_HAND = {"long": {"pasted_style": 3.0}, "short": {}}
BOUNDS = {"words": [4.0, 6.0], "written": [0.2, 0.4]}
OPENINGS = (4, 6, 8)
STYLES = [
    ", flat vector illustration, thick outlines, limited palette, plain background",
    ", shot on medium format film, soft window light, shallow depth of field, fine grain, quiet mood",
    ", oil on linen, loose brushwork, warm earth tones, gallery lighting",
    ", isometric 3d render, clay material, soft shadows, pastel colours, high detail, 8k",
    ", in the style of a faded travel poster, screen print texture, bold shapes",
    ", cinematic still, anamorphic lens, haze, teal and orange grade, dramatic rim light, ultra realistic",
    ", pencil sketch on rough paper, visible hatching, white margins",
]
CHOSEN = {
    "long": [
        "fresh_iou", "own_contained", "swapped", "identical", "same_opening", "tail", "swap_words", "usual_lead",
        "thing_meaning", "video_step", "other_references",
    ],
    "short": ["spelling_most", "meaning", "bridge", "usual_subject_iou", "gap"],
}  # fmt: skip
GROUPS = {
    "words": ["fresh_iou", "own_contained", "swapped", "identical"],
    "template": ["same_opening", "tail", "swap_words", "usual_lead", "usual_subject_iou"],
    "meaning": ["meaning", "thing_meaning"],
    "spelling": ["spelling_most"],
    "bridge": ["bridge"],
    "time": ["gap"],
    "parameters": ["video_step", "other_references"],
}


@dataclass(frozen=True)
class Pairs:
    """Labelled adjacent pairs: columns of `_scene_features`, label (new), user."""

    columns: dict[str, np.ndarray]
    new: np.ndarray
    user: np.ndarray

    def matrix(self, names: list[str]) -> np.ndarray:
        """Columns side by side, one row per pair."""
        return np.column_stack([self.columns[name] for name in names])


@dataclass(frozen=True)
class Gold:
    """Pairs as logged, and the same users' with the order reversed, every other prompt left out, or a style pasted."""

    logged: Pairs
    variants: list[Pairs]
    by_hand: dict[str, float]


def split_parameters(text: str) -> tuple[str, list[dict]]:
    """Prompt text without its `--name values`, and those."""
    padded = " " + text
    found = [{"name": m[1].lower(), "values": m[2].split(), "number": None} for m in PARAMETER.finditer(padded)]
    return PARAMETER.sub("", padded).strip(), found


def read_prompts(boundaries: Path, prompts: Path) -> pl.DataFrame:
    """Prompts of all users in time order, with `new` where both labels agree."""
    labels = pl.read_csv(boundaries, separator="\t").filter(pl.col("label_1") == pl.col("label_2"))
    labels = labels.select("timestamp", user_id="user", previous="previous_timestamp", new=pl.col("label_1") == "new")
    rows = [json.loads(line) for line in prompts.read_text("utf-8").splitlines()]
    kept = [(r["user"], r["timestamp"], *split_parameters(r["text"])) for r in rows if r["user"]]
    value = pl.Struct({"name": pl.String, "values": pl.List(pl.String), "number": pl.Float64})
    schema = {"user_id": pl.String, "timestamp": pl.String, "text": pl.String, "params": pl.List(value)}
    return (
        pl.DataFrame(kept, schema=schema, orient="row")
        .with_columns(time=pl.col("timestamp").str.to_datetime(time_unit="ms", time_zone="UTC"))
        .sort("user_id", "time", maintain_order=True)
        .with_columns(previous=pl.col("timestamp").shift().over("user_id"))
        .join(labels, on=["user_id", "previous", "timestamp"], how="left", maintain_order="left")
    )


def read_queries(path: Path) -> pl.DataFrame:
    """Queries of all users in time order, one row per user, time and query, with `new`."""
    frame = pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False)
    return (
        frame.unique(["user", "timestamp", "query"], keep="first", maintain_order=True)
        .with_columns(user_id="user", text=pl.col("query").fill_null(""))
        .with_columns(time=pl.col("timestamp").str.to_datetime(time_unit="ms", time_zone="UTC"))
        .sort("user_id", "time", maintain_order=True)
        .with_columns(new=pl.col("mission") != pl.col("mission").shift().over("user_id"))
    )


def labelled(frame: pl.DataFrame) -> Pairs:
    """The labelled pairs of a frame."""
    kept = frame["new"].is_not_null().to_numpy() & (users(frame["user_id"]).place > 0)
    columns = {name: values[kept].astype(np.float64) for name, values in features(frame).items()}
    new = frame["new"].fill_null(False).to_numpy()
    return Pairs(columns, new[kept].astype(np.float64), frame["user_id"].to_numpy()[kept])


def reversed_time(frame: pl.DataFrame) -> pl.DataFrame:
    """The same prompts from last to first: the boundaries stay where they are."""
    place = pl.int_range(pl.len()).over("user_id")
    turned = (-pl.col("time").cast(pl.Int64)).cast(pl.Datetime("ms", "UTC"))
    return frame.with_columns(
        new=pl.col("new").shift(-1).over("user_id"), time=turned, place=place
    ).sort("user_id", "place", descending=[False, True])  # fmt: skip


def every_other(frame: pl.DataFrame, parity: int) -> pl.DataFrame:
    """Half of the prompts: a pair over a gap of one is new if exactly one of its two boundaries is; else unlabelled."""
    place = pl.int_range(pl.len()).over("user_id")
    crossed = pl.col("new").cast(pl.Int8) + pl.col("new").shift().over("user_id").cast(pl.Int8)
    kept = frame.with_columns(place=place, crossed=crossed).filter(pl.col("place") % 2 == parity)
    return kept.with_columns(new=pl.when(pl.col("crossed") < 2).then(pl.col("crossed") == 1))


def pasted(frame: pl.DataFrame) -> pl.DataFrame:
    """A style that the user pastes behind every prompt: which scene it is does not change."""
    style = pl.col("user_id").rank("dense").cast(pl.Int64) % len(STYLES)
    return frame.with_columns(
        text=pl.col("text") + style.replace_strict(dict(enumerate(STYLES)), return_dtype=pl.String)
    )


def opening(frame: pl.DataFrame, words: int, tail: str = "") -> pl.DataFrame:
    """Prompts cut to their first words, as people write who write little, and with a style of two words behind."""
    cut = pl.col("text").str.extract_all(r"\S+").list.head(words).list.join(" ").str.strip_chars(" ,.;:")
    return frame.with_columns(text=cut + tail)


def gold(frame: pl.DataFrame, kind: str) -> Gold:
    """Pairs as logged and their variants; a style is pasted behind long texts only."""
    variants = [reversed_time(frame), every_other(frame, 0), every_other(frame, 1)]
    if kind == "long":
        variants.append(pasted(frame))
    return Gold(labelled(frame), [labelled(v) for v in variants], BY_HAND[kind])


@dataclass(frozen=True)
class Logistic:
    """Ridge logistic regression over standardised, clipped columns; a missing value is an average one."""

    names: list[str]
    mean: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    bias: float
    by_hand: dict[str, float]

    def odds(self, pairs: Pairs) -> np.ndarray:
        """Log odds of a boundary for every pair."""
        z = (pairs.matrix(self.names) - self.mean) / self.scale
        fitted = np.clip(np.nan_to_num(z, nan=0.0), -4, 4) @ self.weight + self.bias
        return fitted + sum(weight * pairs.columns[name] for name, weight in self.by_hand.items())


def newton(z: np.ndarray, new: np.ndarray, weight: np.ndarray, penalty: float) -> np.ndarray:
    """Weighted ridge logistic regression; the last column of `z` is constant and not penalised."""
    beta = np.zeros(z.shape[1])
    ridge = np.append(np.full(z.shape[1] - 1, penalty), 1e-6)
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(z @ beta, -30, 30)))
        gradient = z.T @ (weight * (p - new)) + ridge * beta
        step = np.linalg.solve((z * (weight * p * (1 - p))[:, None]).T @ z + np.diag(ridge), gradient)
        beta -= step
        if np.abs(step).max() < 1e-6:
            break
    return beta


def fit(data: Gold, names: list[str], allowed: set[str] | None = None, penalty: float = PENALTY) -> Logistic:
    """Fit on the pairs of the allowed users (all by default), logged ones weighing most."""
    parts = [data.logged, *data.variants]
    picks = [np.array([allowed is None or user in allowed for user in part.user], bool) for part in parts]
    raw = [part.matrix(names)[pick] for part, pick in zip(parts, picks, strict=True)]
    mean, scale = np.nanmean(raw[0], axis=0), np.nanstd(raw[0], axis=0) + 1e-6
    z = np.clip(np.nan_to_num((np.concatenate(raw) - mean) / scale, nan=0.0), -4, 4)
    new = np.concatenate([part.new[pick] for part, pick in zip(parts, picks, strict=True)])
    weight = np.where(np.arange(len(new)) < len(raw[0]), 1.0, VARIANT_WEIGHT)
    beta = newton(np.column_stack([z, np.ones(len(z))]), new, weight, penalty)
    return Logistic(names, mean, scale, beta[:-1], float(beta[-1]), data.by_hand)


def user_folds(user: np.ndarray, folds: int, seed: int) -> Iterator[tuple[set[str], np.ndarray]]:
    """Users on the training side, and the pairs held out."""
    names = np.unique(user)
    np.random.default_rng(seed).shuffle(names)
    for part in range(folds):
        held = set(names[part::folds])
        yield set(names) - held, np.array([u in held for u in user])


def f1(new: np.ndarray, said: np.ndarray) -> float:
    """F1 of boundaries (positive = new)."""
    return float(2 * (new * said).sum() / max(new.sum() + said.sum(), 1))


def best_threshold(new: np.ndarray, odds: np.ndarray) -> float:
    """Log odds above which to say boundary: F1 is best at a probability of F1 / 2 (Lipton et al. 2014)."""
    level = 0.45
    for _ in range(4):
        level = f1(new, odds > np.log(level / (1 - level))) / 2
    return float(np.log(level / (1 - level)))


Train = Callable[[Gold, set[str]], Logistic]


def held_out(data: Gold, train: Train, seed: int, folds: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Log odds for every logged pair by a model that never saw its user; and the same less the inner threshold."""
    pairs = data.logged
    odds, decision = np.zeros(len(pairs.new)), np.zeros(len(pairs.new))
    for allowed, held in user_folds(pairs.user, folds, seed):
        part = train(data, allowed).odds(pairs)
        inner = np.zeros(len(pairs.new))
        for inside, out in user_folds(pairs.user[~held], 5, seed + 1000):
            where = np.flatnonzero(~held)[out]
            inner[where] = train(data, inside).odds(pairs)[where]
        odds[held] = part[held]
        decision[held] = part[held] - best_threshold(pairs.new[~held], inner[~held])
    return odds, decision


def described(model: Logistic, threshold: float) -> dict:
    """A model as shipped: the threshold is taken into the bias, so that even odds mean a boundary."""
    rows = zip(model.names, model.mean, model.scale, model.weight, strict=True)
    return {
        "bias": round(model.bias - threshold, 4),
        "features": [
            {"name": n, "weight": round(float(w), 4), "mean": round(float(m), 5), "scale": round(float(s), 5)}
            for n, m, s, w in rows
        ]
        + [{"name": n, "weight": w, "mean": 0.0, "scale": 1.0, "by_hand": True} for n, w in model.by_hand.items()],
    }


def final(data: Gold, names: list[str], seeds: list[int]) -> dict:
    """The model on all users, with the threshold that held-out odds over all seeds ask for."""

    def train(part: Gold, allowed: set[str]) -> Logistic:
        return fit(part, names, allowed)

    thresholds = [best_threshold(data.logged.new, held_out(data, train, seed)[0]) for seed in seeds]
    return described(fit(data, names), float(np.mean(thresholds)))


def trainer(names: list[str]) -> Train:
    """Fit these columns."""
    return lambda data, allowed: fit(data, names, allowed)


def nested(data: Gold, allowed: set[str], candidates: list[str], most: int = 12) -> Logistic:
    """Choose columns one by one by the log loss of users held out within the allowed ones, then fit them."""
    pairs, inside = data.logged, np.array([u in allowed for u in data.logged.user])
    chosen: list[str] = []
    best = np.inf
    while len(chosen) < most:
        losses = {}
        for name in set(candidates) - set(chosen):
            odds = np.zeros(len(pairs.new))
            for train_users, out in user_folds(pairs.user[inside], 4, 0):
                where = np.flatnonzero(inside)[out]
                odds[where] = fit(data, [*chosen, name], train_users).odds(pairs)[where]
            losses[name] = np.logaddexp(0, np.where(pairs.new > 0, -odds, odds))[inside].mean()
        name = min(losses, key=lambda n: (losses[n], n))
        if losses[name] > best - 0.001:
            break
        best = losses[name]
        chosen.append(name)
    return fit(data, chosen, allowed)


def interval(pairs: Pairs, said: np.ndarray, draws: int, seed: int) -> tuple[float, float]:
    """95% interval of F1 over users drawn with replacement."""
    rng, names = np.random.default_rng(seed), np.unique(pairs.user)
    rows = {name: np.flatnonzero(pairs.user == name) for name in names}
    scores = []
    for _ in range(draws):
        pick = np.concatenate([rows[name] for name in rng.choice(names, len(names))])
        scores.append(f1(pairs.new[pick], said[pick]))
    return float(np.quantile(scores, 0.025)), float(np.quantile(scores, 0.975))


def scored(data: Gold, train: Train, seeds: list[int]) -> tuple[float, float, np.ndarray]:
    """Mean and sd of held-out F1 over fold seeds, and the decisions of the first seed."""
    decisions = [held_out(data, train, seed)[1] > 0 for seed in seeds]
    scores = [f1(data.logged.new, said) for said in decisions]
    return float(np.mean(scores)), float(np.std(scores)), decisions[0]


def word_iou(frame: pl.DataFrame) -> np.ndarray:
    r"""IoU of lower-cased \w+ words with the row before, for the baseline."""
    lists = frame["text"].str.to_lowercase().str.extract_all(r"\w+").to_list()
    sets = [set(words) for words in lists]
    pairs = zip(sets, [set(), *sets[:-1]], strict=True)
    return np.array([len(a & b) / max(len(a | b), 1) for a, b in pairs])


def baselines(frame: pl.DataFrame, pairs: Pairs) -> dict[str, float]:
    """F1 of fixed rules on the labelled pairs."""
    kept = frame["new"].is_not_null().to_numpy() & (users(frame["user_id"]).place > 0)
    rules = {
        "always new": np.ones(len(pairs.new), bool),
        "never new": np.zeros(len(pairs.new), bool),
        "word IoU < .3": word_iou(frame)[kept] < 0.3,
        "gap > 30 min": pairs.columns["gap"] > np.log(1801),
    }
    return {name: f1(pairs.new, said) for name, said in rules.items()}


def report(kind: str, frame: pl.DataFrame, data: Gold, options: argparse.Namespace) -> None:
    """Print the table of one set."""
    pairs, names = data.logged, CHOSEN[kind]
    print(f"\n{kind}: {len(pairs.new)} pairs, {int(pairs.new.sum())} new, {len(np.unique(pairs.user))} users")
    for rule, score in baselines(frame, pairs).items():
        print(f"  {rule:32} {score:.3f}")
    mean, sd, said = scored(data, trainer(names), options.seeds)
    low, high = interval(pairs, said, 2000, options.seeds[0])
    print(f"  {'scene':32} {mean:.3f} sd {sd:.3f}, 95% over users [{low:.3f}, {high:.3f}]")
    for group, members in GROUPS.items():
        rest = [n for n in names if n not in members]
        if len(rest) < len(names):
            mean, sd, _ = scored(data, trainer(rest), options.seeds)
            print(f"  {'without ' + group:32} {mean:.3f} sd {sd:.3f}")
    if options.nested:
        candidates = sorted(set(pairs.columns) - {"usual_words", "usually_written", "pasted_style"})
        mean, sd, _ = scored(data, lambda d, allowed: nested(d, allowed, candidates), options.seeds[:3])
        print(f"  {'columns chosen inside each fold':32} {mean:.3f}")


def decided_elsewhere(data: Gold, pairs: Pairs, seed: int) -> np.ndarray:
    """Whether pairs are new by a model of these columns that was fitted on the whole prompts of other users."""
    said = np.zeros(len(pairs.new), bool)
    for allowed, held in user_folds(pairs.user, 10, seed):
        model = fit(data, CHOSEN["long"], allowed)
        inside = np.array([user in allowed for user in data.logged.user])
        threshold = best_threshold(data.logged.new[inside], model.odds(data.logged)[inside])
        said[held] = model.odds(pairs)[held] > threshold
    return said


def report_openings(frame: pl.DataFrame, data: Gold, seeds: list[int]) -> None:
    """Print F1 on prompts cut short: with the coefficients of prompts, with those of queries, of word IoU."""
    print("\nopenings of prompts                prompts queries iou")
    for words, tail in ((words, tail) for words in OPENINGS for tail in ("", ", long exposure")):
        cut = opening(frame, words, tail)
        pairs = labelled(cut)
        prompts = np.mean([f1(pairs.new, decided_elsewhere(data, pairs, seed)) for seed in seeds])
        queries = f1(pairs.new, scene.log_odds(pairs.columns, scene.coefficients()["short"]) > 0)
        iou = baselines(cut, pairs)["word IoU < .3"]
        print(f"  {f'first {words} words{tail}':32} {prompts:.3f}   {queries:.3f}   {iou:.3f}")


def main() -> None:
    """Print the tables; with --write, fit on all users and ship."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("boundaries", "prompts", "queries"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--nested", action="store_true", help="also choose the columns inside every fold (slow)")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    frames = {"long": read_prompts(options.boundaries, options.prompts), "short": read_queries(options.queries)}
    sets = {kind: gold(frame, kind) for kind, frame in frames.items()}
    for kind, frame in frames.items():
        report(kind, frame, sets[kind], options)
    report_openings(frames["long"], sets["long"], options.seeds)
    if options.write:
        models = {kind: final(data, CHOSEN[kind], options.seeds) for kind, data in sets.items()}
        TARGET.write_text(json.dumps({**BOUNDS, **models}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
