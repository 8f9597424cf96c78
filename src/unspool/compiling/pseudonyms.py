"""Keyed pseudonyms: ids and names leave the log as BLAKE2b digests that only the holder of the key can link back."""

import os
import secrets
from hashlib import blake2b
from pathlib import Path

import numpy as np
import polars as pl

from unspool.errors import UnspoolError

KEY_BYTES = 32
DIGEST_BYTES = 8


def hexadecimal(digests: pl.Series) -> pl.Series:
    """UInt64 digests as strings of 16 hexadecimal digits; null stays null."""
    whole = digests.fill_null(0).to_numpy().astype(">u8").tobytes().hex()
    width = 2 * DIGEST_BYTES
    text = pl.Series(digests.name, [whole[i : i + width] for i in range(0, len(whole), width)], dtype=pl.String)
    return text if not digests.null_count() else text.set(digests.is_null(), None)


class Pseudonyms:
    """Digests under one key. Message, channel, user and thread ids with the same text get different digests."""

    def __init__(self, key: bytes) -> None:
        self.key = key

    def digest(self, values: pl.Series, what: str) -> pl.Series:
        """UInt64 BLAKE2b digests of the strings, personalised by `what` ("user", "message", ...); null stays null."""
        base = blake2b(key=self.key, digest_size=DIGEST_BYTES, person=what.encode())

        def one(value: str) -> bytes:
            state = base.copy()
            state.update(value.encode())
            return state.digest()

        known = values.drop_nulls()
        digests = np.frombuffer(b"".join([one(value) for value in known.to_list()]), dtype=">u8").astype(np.uint64)
        if len(known) == len(values):
            return pl.Series(values.name, digests, dtype=pl.UInt64)
        out = np.zeros(len(values), dtype=np.uint64)
        out[values.is_not_null().to_numpy()] = digests
        return pl.Series(values.name, out, dtype=pl.UInt64).set(values.is_null(), None)

    def digest_repeated(self, values: pl.Series, what: str) -> pl.Series:
        """The same, for columns in which a value returns often: each distinct value is digested once."""
        unique = values.drop_nulls().unique()
        if not len(unique):
            return self.digest(values, what)
        return values.replace_strict(unique, self.digest(unique, what), default=None, return_dtype=pl.UInt64).alias(
            values.name
        )

    def ids(self, values: pl.Series, what: str) -> pl.Series:
        """Pseudonyms as they stand in a study: 16 hexadecimal digits, null for null."""
        return hexadecimal(self.digest_repeated(values.cast(pl.String), what))

    def fingerprint(self) -> str:
        """Eight digits that tell whether two studies share a key, and nothing of the key itself."""
        return blake2b(key=self.key, digest_size=4, person=b"fingerprint").hexdigest()


def normal_name(names: pl.Expr) -> pl.Expr:
    """A handle as it is digested: without a leading @ and surrounding blanks, lower case."""
    return names.str.strip_chars().str.strip_prefix("@").str.to_lowercase()


def normal(name: str) -> str:
    """The same for one handle."""
    return name.strip().removeprefix("@").lower()


def read_key(path: Path) -> Pseudonyms:
    """Read a key file; one that is no key is an error."""
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise UnspoolError(
            "The key file cannot be used.",
            f"{type(error).__name__} on reading it.",
            "Name the right one with --key.",
            exit_code=2,
        ) from None
    if len(key) != KEY_BYTES:
        raise UnspoolError(
            "The key file cannot be used.",
            f"It holds {len(key)} bytes; {KEY_BYTES} were expected.",
            "Name the right one with --key.",
            exit_code=2,
        )
    return Pseudonyms(key)


def make_key(path: Path, seed: str | None = None) -> Pseudonyms:
    """Write a new random key, readable by its owner only, whole or not at all, and return it.

    With a `seed` the key is known to everybody: for simulated people only, so that all runs give the same pseudonyms.
    """
    key = secrets.token_bytes(KEY_BYTES) if seed is None else blake2b(seed.encode(), digest_size=KEY_BYTES).digest()
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
    temporary.replace(path)
    return Pseudonyms(key)
