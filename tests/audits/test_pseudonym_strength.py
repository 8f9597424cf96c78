"""Whoever has a list of ids and names but no key cannot find a person in a study or in an export of it."""

import hashlib

import polars as pl
import pytest
from tests.logs import grid, upscale, write

from unspool.compiling.pseudonyms import Pseudonyms
from unspool.compiling.settings import ReadSettings
from unspool.export import Settings
from unspool.stages.export import export
from unspool.stages.measure import measure
from unspool.stages.read import read
from unspool.stages.thread import thread

KNOWN = "501123456789012345"
CANDIDATES = [
    KNOWN,
    f"handle_{KNOWN}",
    f"@handle_{KNOWN}",
    f"<@{KNOWN}>",
    f"user:{KNOWN}",
    f"{KNOWN}\n",
    f"user{KNOWN}",
]
PERSONS = [b"", b"user", b"message", b"channel", b"thread"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strength")
    messages = [
        grid(1, "a red fox", user=KNOWN),
        grid(2, "a red fox in snow", user=KNOWN),
        upscale(3, "a red fox", user=KNOWN),
    ]
    log = write(folder / "log.json", messages)
    study = thread(read([log], folder / "study", ReadSettings(language="any")), "scene")
    return measure(study, names=["length", "style"])


def guesses(study):
    """Digests of the candidates by every usual hash, unkeyed and with keys that could be guessed."""
    keys = [b"", b"\0" * 32, b"unspool", b"study", study.path.name.encode(), study.manifest["key"].encode()]
    for candidate in CANDIDATES:
        text = candidate.encode()
        for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256"):
            yield hashlib.new(name, text).hexdigest()
        for size in (4, 8, 16, 20, 32, 64):
            for key in keys:
                for person in PERSONS:
                    yield hashlib.blake2b(text, digest_size=size, key=key, person=person).hexdigest()


def held(folder):
    """All that the files of a folder hold, as bytes; Parquet by its values."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
        if path.is_file():
            text = path.read_bytes().decode("latin-1")
            if path.suffix == ".parquet":
                text += pl.read_parquet(path, glob=False).write_json()
            yield path, text


@pytest.fixture(scope="module", params=["study", "jsonl", "hf", "convokit", "preference"])
def place(request, study, tmp_path_factory):
    if request.param == "study":
        return study.path
    out = tmp_path_factory.mktemp("out") / request.param
    export(study, request.param, out, Settings())
    return out


def test_no_digest_of_a_candidate_is_in_it(study, place):
    prefixes = {digest[:16] for digest in guesses(study)} | {digest[-16:] for digest in guesses(study)}
    for path, text in held(place):
        lowered = text.lower()
        assert not [digest for digest in prefixes if digest in lowered], path.name
        assert KNOWN not in text and f"handle_{KNOWN}" not in text, path.name


def test_with_the_key_the_person_is_found(study, place):
    mine = study.pseudonyms().ids(pl.Series([KNOWN]), "user")[0]
    assert any(mine in text for _, text in held(place))
    another = Pseudonyms(b"\1" * 32).ids(pl.Series([KNOWN]), "user")[0]
    assert not any(another in text for _, text in held(place))


def test_the_key_is_in_no_file(study, place):
    key = study.key_path.read_text().strip()
    assert not any(key in text for _, text in held(place))
