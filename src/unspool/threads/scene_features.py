"""What is compared between a prompt and the one before it: one named column per sign of a new scene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool.threads.scene_tokens import Tokens, row_sum, row_vectors, tokenise

MEDIA_PARAMETERS = ("video", "motion")
PICTURE_PARAMETERS = ("sref", "oref", "cref", "p", "profile", "personalize")
FORMAT_PARAMETERS = ("ar", "aspect")
SHORT_TEXT_BYTES = 96
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
    """part / whole, and 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(part, dtype=np.float64), where=whole > 1e-9)


@dataclass(frozen=True, slots=True)
class Sets:
    """Distinct stems of every row, sorted by row and stem; `source` is the word where the stem first stands."""

    key: np.ndarray
    row: np.ndarray
    ptr: np.ndarray
    source: np.ndarray
    width: int

    def in_row(self, lag: int) -> tuple[np.ndarray, np.ndarray]:
        """For every entry: is its stem in the row `lag` before its own; and does the row `lag` after its own hold it."""
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
        both = (self.own_shared + self.other_shared) / 2
        return ratio(both, self.own + self.other - both)

    @property
    def own_share(self) -> np.ndarray:
        return ratio(self.own_shared, self.own)

    @property
    def other_share(self) -> np.ndarray:
        return ratio(self.other_shared, self.other)


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


def content_rank(tokens: Tokens) -> np.ndarray:
    """How many content words of the row stand before each word."""
    content = (tokens.idf > 0.3).astype(np.int64)
    before = np.cumsum(content) - content
    return before - np.append(before, 0)[tokens.ptr[:-1]][tokens.row]


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


def gram_marks(text: pl.Series, chunk: int = 16384) -> Iterator[tuple[int, np.ndarray]]:
    """Byte trigrams of each text's first SHORT_TEXT_BYTES as GRAM_BITS hashed marks, a chunk of rows at a time."""
    plain = text.fill_null("").str.to_lowercase().str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.strip_chars()
    for start in range(0, text.len(), chunk):
        cut = plain.slice(start, chunk).str.slice(0, SHORT_TEXT_BYTES)
        size = cut.str.len_bytes().to_numpy().astype(np.int64) + 2
        data = np.frombuffer((" " + "  ".join(cut.to_list()) + " ").encode(), np.uint8).astype(np.uint32)
        row = np.repeat(np.arange(len(size)), size)
        gram = (data[:-2] << 16) | (data[1:-1] << 8) | data[2:]
        mark = (gram * np.uint32(2654435761)) >> np.uint32(32 - GRAM_BITS)
        inside = row[2:] == row[:-2]
        marks = np.zeros((len(size), 1 << GRAM_BITS), bool)
        marks[row[:-2][inside], mark[inside]] = True
        yield start, np.packbits(marks, axis=1).view(np.uint64)


def gram_overlap(text: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Byte-trigram IoU and containment with the row before."""
    size, both = np.zeros(text.len()), np.zeros(text.len())
    last = np.zeros((1, (1 << GRAM_BITS) // 64), np.uint64)
    for start, marks in gram_marks(text):
        part = slice(start, start + len(marks))
        before = np.concatenate([last, marks[:-1]])
        size[part], both[part] = np.bitwise_count(marks).sum(axis=1), np.bitwise_count(marks & before).sum(axis=1)
        last = marks[-1:]
    before = later(size, 1)
    return ratio(both, size + before - both), ratio(both, np.minimum(size, before))


def dots(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", left, right).astype(np.float64)


def parameters_equal(params: pl.Series | None, names: tuple[str, ...], n: int) -> np.ndarray:
    """1 where the named parameters are the same as in the row before (also where both have none)."""
    if params is None:
        return np.ones(n)
    named = pl.element().struct.field("name").is_in(names)
    kept = params.to_frame("p").select(
        pl.col("p").list.eval(
            pl.when(named).then(
                pl.format(
                    "{} {}", pl.element().struct.field("name"), pl.element().struct.field("values").list.join(" ")
                )
            )
        ).list.drop_nulls().list.sort().list.join("|").fill_null("")
    ).to_series()
    return (kept == kept.shift()).fill_null(True).cast(pl.Float64).to_numpy()


def seconds(time: pl.Series, who: Users) -> np.ndarray:
    """Log seconds since the user's previous prompt; not a number on a user's first row and where a time is missing."""
    stamp = time.cast(pl.Int64).cast(pl.Float64).to_numpy() / 1000
    gap = stamp - later(stamp, 1, np.nan)
    gap[who.place == 0] = np.nan
    return np.log1p(np.maximum(gap, 0))


def user_median(values: np.ndarray, who: Users) -> np.ndarray:
    """Median of each user's values, not counting missing ones, on every row of the user; not a number if none."""
    frame = pl.DataFrame({"u": who.of, "v": values}).with_columns(pl.col("v").fill_nan(None))
    return frame.select(pl.col("v").median().over("u").fill_null(np.nan)).to_series().to_numpy()


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
    """What a shared word counts for, several ways, per entry of the stem sets."""
    sets, tokens = frame.sets, frame.tokens
    idf, subject = tokens.idf[sets.source], tokens.subject[sets.source]
    rows, runs = stem_habits(sets, frame.who, frame.links)
    size = frame.who.size[frame.who.of[sets.row]]
    early = np.exp(-content_rank(tokens)[sets.source] / 5)
    return {
        "word": np.ones(len(idf)),
        "rare": idf,
        "subject": idf * subject,
        "early": idf * early,
        "own": idf * (0.15 + np.log((size + 1) / rows) / np.log(size + 2)),
        "fresh": idf * subject / runs,
    }


def word_columns(frame: Frame) -> dict[str, np.ndarray]:
    """Overlap of words with the row before under every weight."""
    columns = {}
    for name, weight in weights(frame).items():
        pair = shared(frame.sets, weight, frame.links)
        own, other = pair.own_share, pair.other_share
        columns |= {f"{name}_iou": pair.iou, f"{name}_kept": other, f"{name}_known": own}
        columns |= {f"{name}_most": np.maximum(own, other), f"{name}_least": np.minimum(own, other)}
        if name == "subject":
            added, dropped = pair.own - pair.own_shared, pair.other - pair.other_shared
            columns |= {"swapped": np.log1p(np.minimum(added, dropped)), "changed": np.log1p(np.maximum(added, dropped))}
    return columns


def edit_columns(frame: Frame) -> dict[str, np.ndarray]:
    """Where the texts differ: words in common at the start and the end, and what is swapped between them."""
    lead, tail = common_ends(frame.tokens)
    words, before = frame.words, later(frame.words, 1)
    shorter = np.maximum(np.minimum(words, before), 1)
    middle, middle_before = words - lead - tail, before - lead - tail
    return {
        "lead": lead / shorter,
        "lead_words": np.log1p(lead),
        "tail": tail / shorter,
        "same_opening": (lead > 0).astype(np.float64),
        "swap_words": np.log1p(np.maximum(np.minimum(middle, middle_before), 0)),
        "edit_words": np.log1p(np.maximum(np.maximum(middle, middle_before), 0)),
        "identical": ((words == before) & (lead == words)).astype(np.float64),
    }


def meaning_columns(frame: Frame) -> dict[str, np.ndarray]:
    """Cosines of word-vector sums: whole prompt, its opening, and what was added against what was dropped."""
    tokens, who, sets = frame.tokens, frame.who, frame.sets
    whole = row_vectors(tokens, np.ones(len(tokens.row)))
    cosine = dots(whole, later(whole, 1))
    things = row_vectors(tokens, tokens.subject**2)
    first = row_vectors(tokens, tokens.subject**2 * np.exp(-content_rank(tokens) / 3))
    typical = np.add.reduceat(whole, who.first, axis=0)[who.of] - whole
    typical /= np.maximum(who.size[who.of] - 1, 1)[:, None]
    far = dots(whole, typical)
    two_back = dots(whole, later(whole, 2))
    two_back[who.place < 2] = np.nan
    skipping = later(two_back, -1, np.nan)
    columns = {
        "meaning": cosine,
        "thing_meaning": dots(things, later(things, 1)),
        "first_things": dots(first, later(first, 1)),
        "meaning_beyond_habit": cosine - (far + later(far, 1)) / 2,
        "habit": (far + later(far, 1)) / 2,
        "two_back_meaning": two_back,
        "skip_meaning": skipping,
    }
    before, after = frame.links
    added, dropped = np.zeros(len(tokens.row)), np.zeros(len(tokens.row))
    added[sets.source], dropped[sets.source] = ~before, ~after
    new, old = row_vectors(tokens, added), later(row_vectors(tokens, dropped), 1)
    new_things = row_vectors(tokens, added * tokens.subject**2)
    old_things = later(row_vectors(tokens, dropped * tokens.subject**2), 1)
    columns |= {
        "swap_meaning": dots(new, old),
        "thing_swap_meaning": dots(new_things, old_things),
        "added_meaning": dots(new, later(whole, 1)),
        "dropped_meaning": dots(whole, old),
    }
    return columns


def neighbour_ious(frame: Frame, weight: np.ndarray, lags: int = 3) -> list[np.ndarray]:
    """Weighted IoU with the rows 1, 2, ... before; not a number where the user has no such row."""
    out = []
    for lag in range(1, lags + 1):
        links = frame.links if lag == 1 else frame.sets.in_row(lag)
        iou = shared(frame.sets, weight, links, lag).iou
        iou[frame.who.place < lag] = np.nan
        out.append(iou)
    return out


def bridge(one: np.ndarray, two: np.ndarray, three: np.ndarray) -> np.ndarray:
    """How well the best prompt near a pair is like both of its prompts: two words apart, one topic."""
    gone = np.nan
    sides = [
        np.minimum(later(one, -1, gone), later(two, -1, gone)),
        np.minimum(later(one, 1, gone), two),
        np.minimum(later(two, -2, gone), later(three, -2, gone)),
        np.minimum(later(two, 1, gone), three),
    ]
    return np.nan_to_num(np.fmax.reduce(sides), nan=0.0)


def context_columns(frame: Frame, weight: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The prompts around the pair: does the edit stay, does the next prompt go back, does one join the two."""
    who, sets = frame.who, frame.sets
    one, two, three = neighbour_ious(frame, weight["rare"])
    before, after = frame.links
    fresh = weight["subject"] * ~before
    stays = ratio(row_sum(fresh * after, sets.ptr), row_sum(fresh, sets.ptr))
    stays[who.size[who.of] - who.place < 2] = np.nan
    return {
        "two_back": two,
        "skip": later(two, -1, np.nan),
        "edit_stays": stays,
        "pair_before": later(one, 1, np.nan),
        "pair_after": later(one, -1, np.nan),
        "bridge": bridge(one, two, three),
    }


def time_columns(frame: Frame) -> dict[str, np.ndarray]:
    """Log gap before the prompt, and against the user's usual gap."""
    gap = seconds(frame.prompts["time"], frame.who)
    return {
        "gap": gap,
        "gap_beyond_habit": gap - user_median(gap, frame.who),
        "gap_half_hour": np.where(np.isnan(gap), np.nan, gap > np.log(1800)),
        "gap_night": np.where(np.isnan(gap), np.nan, gap > np.log(4 * 3600)),
    }


def parameter_columns(frame: Frame) -> dict[str, np.ndarray]:
    """Changed parameters: reference pictures, format, exclusions, and the step to video."""
    n = frame.tokens.n
    params = frame.prompts["params"] if "params" in frame.prompts.columns else None
    return {
        "other_references": 1 - parameters_equal(params, PICTURE_PARAMETERS, n),
        "other_format": 1 - parameters_equal(params, FORMAT_PARAMETERS, n),
        "other_exclusions": 1 - parameters_equal(params, ("no",), n),
        "video_step": 1 - parameters_equal(params, MEDIA_PARAMETERS, n),
    }


def features(prompts: pl.DataFrame) -> dict[str, np.ndarray]:
    """Named columns, one value per row about the pair (row before, row); rows that open a user hold no meaning."""
    frame = frame_of(prompts)
    who = frame.who
    columns = word_columns(frame) | edit_columns(frame) | meaning_columns(frame)
    columns |= context_columns(frame, weights(frame)) | time_columns(frame) | parameter_columns(frame)
    length = user_median(frame.words, who)
    iou, containment = gram_overlap(prompts["text"])
    columns |= {"spelling": iou, "spelling_most": containment}
    columns |= {"usual_words": np.log1p(length), "words": np.log1p(frame.words), "words_before": np.log1p(later(frame.words, 1))}
    for name in ("subject_iou", "meaning", "lead", "swap_words"):
        columns[f"usual_{name}"] = user_mean_else(columns[name], who)
    return columns
