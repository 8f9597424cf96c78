"""What is compared between a prompt and the one before it: one named column per sign of a new scene, or of the same.

Every column is the same whichever prompt of a pair comes first: a rule that cuts sooner where words are taken away than
where they are added bends every change along threads. Every column depends on the prompts of one user only, and sums
run row by row, so that a user's values do not change with who else is in the frame. Nothing is compared over more than
three rows: time and memory grow with the words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool import registry
from unspool.threads._scene_tokens import Tokens, row_cosines, row_sum, tokenise

VIDEO = ("video", "motion")
REFERENCES = ("sref", "oref", "cref", "p", "profile", "personalize")
WRITTEN = r"[,\p{Lu}]|(?i:\b(?:a|an|the)\b)"
UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
SPELLED_CHARACTERS = 96
GRAM_BITS = 10


@dataclass(frozen=True, slots=True)
class Users:
    """Runs of rows by one user: first row and size of each, and for every row its user and its place in the run."""

    first: np.ndarray
    size: np.ndarray
    of: np.ndarray
    place: np.ndarray


def users(user_id: pl.Series) -> Users:
    """Users of a frame that is sorted by user."""
    starts = (user_id != user_id.shift()).fill_null(True).to_numpy()
    first, of = np.flatnonzero(starts), np.cumsum(starts) - 1
    size = np.diff(np.append(first, len(of)))
    return Users(first, size, of, np.arange(len(of)) - first[of])


def later(values: np.ndarray, lag: int, fill: float = 0.0) -> np.ndarray:
    """Value of the row `lag` rows earlier (negative: later); `fill` outside the frame."""
    out = np.full_like(values, fill)
    if lag > 0:
        out[lag:] = values[:-lag]
    else:
        out[:lag] = values[-lag:]
    return out


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part / whole, and 0 where there is no whole."""
    out = np.zeros(np.shape(part))
    np.divide(part, whole, out=out, where=whole > 1e-9)
    return out


@dataclass(frozen=True, slots=True)
class Sets:
    """Distinct stems of every row, sorted by row and stem; `source` is the word where the stem first stands."""

    key: np.ndarray
    row: np.ndarray
    ptr: np.ndarray
    source: np.ndarray
    width: int

    def in_row(self, lag: int) -> tuple[np.ndarray, np.ndarray]:
        """For every entry: does the row `lag` before its own hold its stem; does the row `lag` after."""
        wanted = self.key - lag * self.width
        at = np.minimum(np.searchsorted(self.key, wanted), max(len(self.key) - 1, 0))
        before = self.key[at] == wanted
        after = np.zeros(len(self.key), bool)
        after[at[before]] = True
        return before, after


def stem_sets(tokens: Tokens) -> Sets:
    """Distinct stems per row."""
    key = tokens.row * tokens.n_stems + tokens.stem
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    fresh = np.ones(len(key), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    source = order[fresh]
    row = tokens.row[source]
    counts = np.bincount(row, minlength=tokens.n)
    return Sets(ordered[fresh], row, np.concatenate([[0], np.cumsum(counts)]), source, tokens.n_stems)


@dataclass(frozen=True, slots=True)
class Shared:
    """Weight of a row's stems, of those shared with the row before, and the same seen from the row before."""

    own: np.ndarray
    own_shared: np.ndarray
    other: np.ndarray
    other_shared: np.ndarray

    @property
    def iou(self) -> np.ndarray:
        """Shared weight over the weight of both, in [0, 1]."""
        both = (self.own_shared + self.other_shared) / 2
        return ratio(both, self.own + self.other - both)


def shared(sets: Sets, weight: np.ndarray, links: tuple[np.ndarray, np.ndarray], lag: int = 1) -> Shared:
    """Shared weight of every row with the row `lag` before it."""
    before, after = links
    own = row_sum(weight, sets.ptr)
    return Shared(
        own,
        row_sum(weight * before, sets.ptr),
        later(own, lag),
        later(row_sum(weight * after, sets.ptr), lag),
    )


def stem_habits(sets: Sets, who: Users, links: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Per entry: in how many of the user's rows the stem stands, and in how many separate runs of rows."""
    key = who.of[sets.row] * sets.width + sets.key % sets.width
    _, code, rows = np.unique(key, return_inverse=True, return_counts=True)
    fresh = ~links[0] | (who.place[sets.row] == 0)
    runs = np.bincount(code, weights=fresh, minlength=len(rows))
    return rows[code], runs[code]


def common_ends(tokens: Tokens) -> tuple[np.ndarray, np.ndarray]:
    """Number of words that a row and the row before share at the start, and at the end (not overlapping)."""
    length = np.diff(tokens.ptr)
    shorter = np.minimum(length, later(length, 1))
    ptr = np.concatenate([[0], np.cumsum(shorter)])
    row = np.repeat(np.arange(tokens.n), shorter)
    step = np.arange(ptr[-1]) - ptr[row]
    front = tokens.stem[tokens.ptr[row] + step] == tokens.stem[tokens.ptr[row - 1] + step]
    back = tokens.stem[tokens.ptr[row + 1] - 1 - step] == tokens.stem[tokens.ptr[row] - 1 - step]
    lead = _run(front, step, row, shorter)
    return lead, np.minimum(_run(back, step, row, shorter), shorter - lead)


def _run(equal: np.ndarray, step: np.ndarray, row: np.ndarray, limit: np.ndarray) -> np.ndarray:
    out = limit.copy()
    np.minimum.at(out, row[~equal], step[~equal])
    return out


def gram_marks(text: pl.Series, chunk: int = 2048) -> Iterator[tuple[int, np.ndarray]]:
    """Byte trigrams of each text's first SPELLED_CHARACTERS as GRAM_BITS hashed marks, a chunk of rows at a time."""
    plain = text.fill_null("").str.to_lowercase().str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.strip_chars()
    for start in range(0, text.len(), chunk):
        cut = plain.slice(start, chunk).str.slice(0, SPELLED_CHARACTERS)
        size = cut.str.len_bytes().to_numpy().astype(np.int64) + 2
        data = np.frombuffer((" " + "  ".join(cut.to_list()) + " ").encode(), np.uint8).astype(np.uint32)
        row = np.repeat(np.arange(len(size)), size)
        gram = (data[:-2] << 16) | (data[1:-1] << 8) | data[2:]
        mark = (gram * np.uint32(2654435761)) >> np.uint32(32 - GRAM_BITS)
        inside = row[2:] == row[:-2]
        marks = np.zeros((len(size), 1 << GRAM_BITS), bool)
        marks[row[:-2][inside], mark[inside]] = True
        yield start, np.packbits(marks, axis=1).view(np.uint64)


def gram_containment(text: pl.Series) -> np.ndarray:
    """Share of the byte trigrams of the poorer text that the row and the row before both have, in [0, 1]."""
    size, both = np.zeros(text.len()), np.zeros(text.len())
    last = np.zeros((1, (1 << GRAM_BITS) // 64), np.uint64)
    for start, marks in gram_marks(text):
        part = slice(start, start + len(marks))
        before = np.concatenate([last, marks[:-1]])
        size[part], both[part] = np.bitwise_count(marks).sum(axis=1), np.bitwise_count(marks & before).sum(axis=1)
        last = marks[-1:]
    return ratio(both, np.minimum(size, later(size, 1)))


def parameter_changed(params: pl.Series, names: tuple[str, ...]) -> np.ndarray:
    """1 where the named parameters are not those of the row before; rows without any are alike."""
    given = pl.DataFrame({"row": pl.int_range(params.len(), eager=True), "p": params}).explode("p").unnest("p")
    values = pl.col("values").list.join(" ").fill_null("")
    kept = given.filter(pl.col("name").is_in(names)).select("row", said=pl.format("{} {}", "name", values))
    said = kept.sort("row", "said").group_by("row").agg(pl.col("said").str.join("|"))
    row = pl.DataFrame({"row": pl.int_range(params.len(), eager=True)})
    filled = row.join(said, on="row", how="left", maintain_order="left")["said"].fill_null("")
    return (filled != filled.shift()).fill_null(False).cast(pl.Float64).to_numpy()


def log_gap(time: pl.Series, who: Users) -> np.ndarray:
    """Log seconds since the user's previous prompt; not a number on a user's first row and where a time is missing."""
    stamp = time.cast(pl.Int64).cast(pl.Float64).to_numpy() / 1000
    gap = stamp - later(stamp, 1, np.nan)
    gap[who.place == 0] = np.nan
    return np.asarray(np.log1p(np.maximum(gap, 0)))


def user_median(values: np.ndarray, who: Users) -> np.ndarray:
    """Median of each user's values, not counting missing ones, on every row of the user; not a number if none."""
    frame = pl.DataFrame({"u": who.of, "v": values}).with_columns(pl.col("v").fill_nan(None))
    return frame.select(pl.col("v").median().over("u").fill_null(np.nan)).to_series().to_numpy()


def user_share(there: np.ndarray, who: Users) -> np.ndarray:
    """Share of each user's prompts at which something is there, on every row of the user."""
    return np.asarray((np.add.reduceat(there, who.first) / who.size)[who.of]) if len(there) else there


def written(prompts: pl.DataFrame) -> np.ndarray:
    """1 where a text cannot well be a query: comma, capital, article, parameter, or out of the log of an image model.

    0 where words are not set apart by blanks: there spelling, which the coefficients of queries weigh, says most.
    """
    has = pl.col("text").fill_null("").str.contains(WRITTEN)
    if isinstance(prompts.schema.get("params"), pl.List):
        has |= pl.col("params").list.len().fill_null(0) > 0
    if prompts.schema.get("source") == pl.String:
        has |= pl.col("source").is_in([name for name in registry.names("sources") if name != "table"]).fill_null(False)
    spaced = ~pl.col("text").fill_null("").str.contains(UNSPACED)
    return prompts.select((has & spaced).cast(pl.Float64)).to_series().to_numpy()


def user_mean_else(values: np.ndarray, who: Users) -> np.ndarray:
    """Mean over the user's other pairs; 0 where the user has no other pair."""
    paired = np.where(who.place == 0, 0.0, values)
    total = np.add.reduceat(paired, who.first)[who.of]
    return ratio(total - paired, np.maximum(who.size[who.of] - 2, 0).astype(np.float64))


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of prompts with what every group of columns needs."""

    prompts: pl.DataFrame
    who: Users
    tokens: Tokens
    sets: Sets
    links: tuple[np.ndarray, np.ndarray]
    words: np.ndarray


def frame_of(prompts: pl.DataFrame) -> Frame:
    """Tokenise a frame and link every stem to the row before."""
    tokens = tokenise(prompts["text"])
    sets = stem_sets(tokens)
    return Frame(
        prompts, users(prompts["user_id"]), tokens, sets, sets.in_row(1), np.diff(tokens.ptr).astype(np.float64)
    )


def weights(frame: Frame) -> dict[str, np.ndarray]:
    """What a shared stem counts for, per entry of the stem sets.

    `rare`: by its frequency in English. `subject`: the more so if it names a thing. `own`: less the more of the user's
    prompts have it. `fresh`: a subject word shared out over the separate runs of prompts that the user used it in.
    """
    sets, tokens = frame.sets, frame.tokens
    rare = tokens.idf[sets.source]
    subject = rare * tokens.subject[sets.source]
    rows, runs = stem_habits(sets, frame.who, frame.links)
    size = frame.who.size[frame.who.of[sets.row]]
    own = rare * (0.15 + np.log((size + 1) / rows) / np.log(size + 2))
    return {"rare": rare, "subject": subject, "own": own, "fresh": subject / runs}


def word_columns(frame: Frame, weight: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Words in common with the row before, weighted, and how many words for things were swapped for others."""
    own, fresh, subject = (shared(frame.sets, weight[name], frame.links) for name in ("own", "fresh", "subject"))
    thing = frame.tokens.subject[frame.sets.source]
    thing = np.where(thing > 0.5, thing, 0.0)
    added, dropped = thing * ~frame.links[0], thing * ~frame.links[1]
    return {
        "fresh_iou": fresh.iou,
        "own_contained": np.maximum(ratio(own.own_shared, own.own), ratio(own.other_shared, own.other)),
        "swapped": np.sqrt(np.minimum(row_sum(added, frame.sets.ptr), later(row_sum(dropped, frame.sets.ptr), 1))),
        "usual_subject_iou": user_mean_else(subject.iou, frame.who),
    }


def core_things(frame: Frame, lead: np.ndarray, tail: np.ndarray) -> np.ndarray:
    """Of the things between the common start and end of a pair, the share that both prompts name, in [0, 1].

    Not a number where one of the two names no thing there: then the edit is about the manner, or only adds or drops.
    """
    sets, tokens = frame.sets, frame.tokens
    thing = tokens.subject[sets.source]
    thing = np.where(thing > 0.5, thing, 0.0)
    place = sets.source - tokens.ptr[sets.row]
    back = tokens.ptr[sets.row + 1] - 1 - sets.source

    def share(lead: np.ndarray, tail: np.ndarray, linked: np.ndarray) -> np.ndarray:
        core = thing * ((place >= lead[sets.row]) & (back >= tail[sets.row]))
        whole = row_sum(core, sets.ptr)
        return np.where(whole > 0, ratio(row_sum(core * linked, sets.ptr), whole), np.nan)

    own = share(lead, tail, frame.links[0])
    other = share(later(lead, -1), later(tail, -1), frame.links[1])
    return np.asarray((own + later(other, 1, np.nan)) / 2)


def pasted_style(frame: Frame, lead: np.ndarray, tail: np.ndarray, shorter: np.ndarray) -> np.ndarray:
    """1 where half of a prompt or more is a tail in common, and what stands before it names other things."""
    strangers = core_things(frame, lead, tail) < 0.01
    return (strangers & (lead <= 2) & (tail >= shorter / 2)).astype(np.float64)


def edit_columns(frame: Frame) -> dict[str, np.ndarray]:
    """Where the texts differ: words in common at the start and the end, and how many are swapped between them."""
    lead, tail = common_ends(frame.tokens)
    words, before = frame.words, later(frame.words, 1)
    shorter = np.maximum(np.minimum(words, before), 1)
    return {
        "same_opening": (lead > 0).astype(np.float64),
        "pasted_style": pasted_style(frame, lead, tail, shorter),
        "tail": tail / shorter,
        "swap_words": np.log1p(np.minimum(words, before) - lead - tail),
        "identical": ((words == before) & (lead == words)).astype(np.float64),
        "usual_lead": user_mean_else(lead / shorter, frame.who),
    }


def meaning_columns(frame: Frame) -> dict[str, np.ndarray]:
    """Cosines of word-vector sums: of all words, and of words for things."""
    thing = frame.tokens.subject**2
    whole, things = row_cosines(frame.tokens, [np.ones(len(thing)), thing])
    return {"meaning": whole, "thing_meaning": things}


def bridge_column(frame: Frame, weight: np.ndarray) -> np.ndarray:
    """How well the best prompt near a pair is like both of its prompts: no word in common, but one topic."""
    one, two, three = (_iou_back(frame, weight, lag) for lag in (1, 2, 3))
    sides = [
        np.minimum(later(one, -1, np.nan), later(two, -1, np.nan)),
        np.minimum(later(one, 1, np.nan), two),
        np.minimum(later(two, -2, np.nan), later(three, -2, np.nan)),
        np.minimum(later(two, 1, np.nan), three),
    ]
    return np.asarray(np.nan_to_num(np.fmax.reduce(sides), nan=0.0))


def _iou_back(frame: Frame, weight: np.ndarray, lag: int) -> np.ndarray:
    links = frame.links if lag == 1 else frame.sets.in_row(lag)
    iou = shared(frame.sets, weight, links, lag).iou
    iou[frame.who.place < lag] = np.nan
    return iou


def parameter_columns(frame: Frame) -> dict[str, np.ndarray]:
    """Changed reference pictures, and the step to or from video."""
    if not isinstance(frame.prompts.schema.get("params"), pl.List):
        return {"other_references": np.zeros(frame.tokens.n), "video_step": np.zeros(frame.tokens.n)}
    params = frame.prompts["params"]
    return {"other_references": parameter_changed(params, REFERENCES), "video_step": parameter_changed(params, VIDEO)}


def features(prompts: pl.DataFrame) -> dict[str, np.ndarray]:
    """Named columns, one value per row about the pair (row before, row); rows that open a user hold no meaning.

    Not a number: unknown (a missing time). Two are about the user: `usual_words`, log(1 + median number of words), and
    `usually_written`, the share of prompts that are `written`, in [0, 1].
    """
    frame = frame_of(prompts)
    weight = weights(frame)
    columns = word_columns(frame, weight) | edit_columns(frame) | meaning_columns(frame)
    columns |= parameter_columns(frame) | {"gap": log_gap(prompts["time"], frame.who)}
    columns |= {"bridge": bridge_column(frame, weight["rare"]), "spelling_most": gram_containment(prompts["text"])}
    columns["usual_words"] = np.log1p(user_median(frame.words, frame.who))
    columns["usually_written"] = user_share(written(prompts), frame.who)
    return columns
