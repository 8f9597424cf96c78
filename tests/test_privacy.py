"""What may not leave the log, does not: no id, handle, link, address or file name in a study or on the screen."""

import json
import os
import re
import signal
import stat
from pathlib import Path

import polars as pl
import pytest

from tests.secret_logs import CHANNEL, HANDLE, LOGS, SECRETS, USER, WORDS
from tests.terminal import process, unspool
from unspool.compiling.pseudonyms import make_key
from unspool.syntax.scrub import scrub_text


def secrets_in(text):
    return sorted({secret for secret in SECRETS if secret.lower() in text.lower()})


def words_of(path):
    """All that a file holds: its bytes, and its decoded cells where it is Parquet or Arrow."""
    raw = path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet":
        return raw + json.dumps(pl.read_parquet(path).to_dicts(), default=str, ensure_ascii=False)
    if path.suffix == ".arrow":
        return raw + json.dumps(pl.read_ipc(path).to_dicts(), default=str, ensure_ascii=False)
    return raw


def leaks(study):
    found = {str(path.relative_to(study)): secrets_in(words_of(path)) for path in study.rglob("*") if path.is_file()}
    assert found
    named = [str(path.relative_to(study)) for path in study.rglob("*") if secrets_in(str(path.relative_to(study)))]
    return {name: secrets for name, secrets in found.items() if secrets} | dict.fromkeys(named, "name")


def log(tmp_path, source):
    folder = tmp_path / "logs"
    folder.mkdir()
    return LOGS[source](folder)


def test_the_check_finds_a_leak(tmp_path):
    (tmp_path / "study").mkdir()
    pl.DataFrame({"text": [f"by {HANDLE}"]}).write_parquet(tmp_path / "study" / "a.parquet")
    assert leaks(tmp_path / "study") == {"a.parquet": ["zanzi"]}


@pytest.mark.parametrize("source", LOGS)
def test_a_run_leaves_no_secret(tmp_path, source):
    study, made = tmp_path / "study", log(tmp_path, source)
    named = [] if source == "table" else ["--source", source]
    start = (*made, *named, "-o", study, "--language", "any")
    if source == "discord_export":
        done = [process("run", *start, "--rule", "iou")]
    else:  # the same step by step, with little of each: from the read on all sources are alike
        few = ("--feature", "length", "--feature", "style")
        asked = ("--analysis", "log", "--analysis", "predict"), ("--audit", "privacy", "--audit", "concentration")
        later = (("thread", "--rule", "iou"), ("measure", *few), ("analyze", *asked[0]), ("audit", *asked[1]))
        later = (*later, ("report",))
        done = [unspool("read", *start), *(unspool(name, study, *more) for name, *more in later)]
    assert leaks(study) == {}
    # "The study is in STUDY" is the one path on the screen, and it is the user's own.
    assert secrets_in("".join(one.out + one.err for one in done).replace(str(study), "")) == []
    prompts = pl.read_parquet(study / "prompts" / "*.parquet")
    assert prompts.height == len(WORDS)
    # Links are told of in every prompt; the table and simulacra have no mention in them but those of the texts.
    assert prompts.filter(pl.col("text_raw").str.contains("<link>")).height == len(WORDS)
    listed = unspool("threads", study, "--json").out
    assert secrets_in(listed + "".join(unspool("show", study, t["thread_id"]).out for t in json.loads(listed))) == []


def test_one_person_is_one_pseudonym_in_every_source_of_ids(tmp_path):
    make_key(tmp_path / "shared.key")
    users = {}
    for source in ("discord_api", "discord_export", "midjourney_messages"):
        (tmp_path / source).mkdir()
        study = tmp_path / source / "study"
        made = LOGS[source](tmp_path / source)
        unspool("read", *made, "-o", study, "--key", tmp_path / "shared.key", "--language", "any")
        users[source] = set(pl.read_parquet(study / "prompts" / "*.parquet")["user_id"])
    assert len(set.union(*users.values())) == 1
    assert all(len(user) == 1 for user in users.values())


def test_the_key_decides_the_pseudonyms(tmp_path):
    made = log(tmp_path, "discord_api")
    users = []
    for name, key in (("one", "a"), ("two", "a"), ("three", "b")):
        key_path = tmp_path / f"{key}.key"
        if not key_path.exists():
            make_key(key_path)
        unspool("read", *made, "-o", tmp_path / name, "--key", key_path, "--language", "any")
        prompts = pl.read_parquet(tmp_path / name / "prompts" / "*.parquet")
        users.append(prompts.select("prompt_id", "user_id", "channel_id").rows())
        assert key_path.read_text().strip() not in "".join(map(words_of, (tmp_path / name).rglob("*.*")))
    assert users[0] == users[1]
    assert {cell for row in users[0] for cell in row}.isdisjoint({cell for row in users[2] for cell in row})


def test_the_key_is_the_owners_alone_and_comes_first(tmp_path):
    made = log(tmp_path, "discord_api")
    script = """
import os, sys
from pathlib import Path
from unspool import study
seen = []
real = os.open
def watched(path, flags, mode=0o777, **more):
    if flags & os.O_CREAT:
        seen.append((Path(path).name, oct(mode)))
    return real(path, flags, mode, **more)
os.open = watched
make = Path.mkdir
def mkdir(self, *values, **options):
    new = not self.exists()
    make(self, *values, **options)
    if new:
        seen.append((self.name, "folder"))
Path.mkdir = mkdir
os.umask(0)
from unspool.commands import main
try:
    main()
except SystemExit:
    print("SEEN", seen[:2])
"""
    done = process("read", *made, "-o", tmp_path / "study", script=script)
    assert re.search(r"SEEN \[\('\.study\.key\.\d+', '0o600'\), \('study', 'folder'\)\]", done.out)
    assert stat.S_IMODE((tmp_path / "study.key").stat().st_mode) == 0o600
    assert not list((tmp_path / "study").rglob("*.key"))


@pytest.mark.parametrize("source", ["discord_export", "discord_api"])
@pytest.mark.parametrize("name", [f"@{HANDLE}", HANDLE.upper(), USER])
def test_a_person_who_is_dropped_is_gone(tmp_path, source, name):
    made, study = log(tmp_path, source), tmp_path / "study"
    unspool("read", *made, "-o", study, "--channel", CHANNEL, "--drop-user", name, "--language", "any")
    manifest = json.loads((study / "manifest.json").read_text())
    assert manifest["counts"]["total"]["prompts"] == 0
    assert leaks(study) == {}
    settings = manifest["settings"]
    assert (len(settings["channels"]), len(settings["drop_users"])) == (1, 1)
    assert name not in json.dumps(settings)
    assert CHANNEL not in json.dumps(settings)


def test_a_person_dropped_by_name_is_gone_from_rows_without_the_name(tmp_path):
    named = {"id": "1", "channel_id": CHANNEL, "content": f"**a fox** - <@{USER}> (fast)", "timestamp": "2023-06-01"}
    bare = named | {"id": "2", "content": f"**a bear** - <@{USER}> (fast)"}
    path = tmp_path / "log.json"
    path.write_text(json.dumps([named | {"mentions": [{"id": USER, "username": HANDLE}]}, bare]))
    unspool("read", path, "-o", tmp_path / "study", "--drop-user", HANDLE)
    assert json.loads((tmp_path / "study" / "manifest.json").read_text())["counts"]["total"]["prompts"] == 0


KILLED = """
import os, signal, sys
from unspool.stages import {module}
signal.signal(signal.SIGINT, signal.default_int_handler)  # what starts the tests may ignore it
def end(*_):
    os.kill(os.getpid(), signal.{how})
{module}.{function} = end
from unspool.commands import main
main()
"""


@pytest.mark.parametrize(
    ("module", "function", "how"),
    [("parsing", "write_json", "SIGKILL"), ("read", "owners", "SIGKILL"), ("bucketing", "write_json", "SIGINT")],
)
def test_a_cut_run_leaves_no_secret(tmp_path, module, function, how):
    made, study = log(tmp_path, "discord_api"), tmp_path / "study"
    settings = ("--rule", "iou", "--language", "any")
    script = KILLED.format(module=module, function=function, how=how)
    done = process(
        "run", *made, "-o", study, *settings, script=script, code=130 if how == "SIGINT" else -signal.SIGKILL
    )
    assert list((study / ".work").rglob("*.arrow"))
    assert leaks(study) == {}
    assert secrets_in(done.out + done.err) == []


def test_a_run_killed_in_a_part_goes_on(tmp_path):
    made, settings = log(tmp_path, "discord_api"), ("--rule", "iou", "--language", "any")
    script = KILLED.format(module="parsing", function="write_json", how="SIGKILL")
    process("run", *made, "-o", tmp_path / "study", *settings, script=script, code=-signal.SIGKILL)
    unspool("run", *made, "-o", tmp_path / "study", *settings)
    assert pl.read_parquet(tmp_path / "study" / "prompts" / "*.parquet").height == len(WORDS)


BROKEN = {
    "no such file": [2, "{log}x"],
    "not recognised": [2, "{junk}"],
    "a damaged JSON": [1, "{junk}", "--source", "discord_export"],
    "a damaged Parquet": [1, "{parquet}", "--source", "midjourney_messages"],
    "no database": [1, "{junk}", "--source", "simulacra"],
    "a wrong column": [2, "{log}", "--columns", "text=missing"],
    "a wrong role": [2, "{log}", "--columns", "words=who,text=words"],
    "a wrong source": [2, "{log}", "--source", "nothing"],
    "a Parquet of others": [2, "{other}", "--source", "midjourney_messages"],
}
"""Exit code and arguments."""


@pytest.mark.parametrize("case", BROKEN)
def test_an_error_names_no_secret(tmp_path, case):
    (tmp_path / "logs").mkdir()
    made = LOGS["table"](tmp_path / "logs")[0]
    junk = tmp_path / "logs" / f"{HANDLE}.json"
    junk.write_text(f'{{"{HANDLE}": "{LOGS}", "x": {WORDS[0]!r}')
    parquet = tmp_path / "logs" / f"{HANDLE}.parquet"
    parquet.write_bytes(b"PAR1" + WORDS[0].encode() * 9)
    other = tmp_path / "logs" / f"{HANDLE}-2.parquet"
    pl.DataFrame({"who": [HANDLE], "what": WORDS[:1]}).write_parquet(other)
    arguments = [part.format(log=made, junk=junk, parquet=parquet, other=other) for part in BROKEN[case][1:]]
    done = unspool("run", *arguments, "-o", tmp_path / "study", code=BROKEN[case][0])
    assert secrets_in(done.out + done.err.replace(str(tmp_path / "study"), "")) == []


def test_a_foreign_error_is_told_without_its_words(tmp_path):
    made = log(tmp_path, "discord_api")
    script = f"""
from unspool.stages import parsing
def wrong(*_):
    raise RuntimeError({HANDLE!r})
parsing.from_messages = wrong
from unspool.commands import main
main()
"""
    plain = {name: value for name, value in os.environ.items() if name != "UNSPOOL_DEBUG"}
    done = process("run", *made, "-o", tmp_path / "study", script=script, code=1, env=plain)
    assert "An unexpected RuntimeError" in done.err
    assert secrets_in(done.err) == []


@pytest.mark.parametrize(
    "text",
    [
        f"a fox https://cdn.example/{HANDLE}.png, blue",
        f"(see http://example.com/{HANDLE}) a fox",
        f"<https://s.mj.run/{HANDLE}> fox",
        f"https://example.com/a,b;{HANDLE}?u={HANDLE}#{HANDLE} fox",
        f"https://example.com/{HANDLE}/ fox",
        f"a fox <@{USER}> <@!{USER}> <@&{USER}> <#{USER}>",
        f"a fox @{HANDLE}, @{HANDLE}#1234 and @{HANDLE}!",
        "mail yolanda@mail.example",
        f"https:/cdn.example.com/{HANDLE}",
        f"s.mj.run/{HANDLE} a fox",
        f"media.discordapp.net/{USER}/{HANDLE}.png?ex={USER}",
    ],
)
def test_scrubbing(text):
    assert secrets_in(scrub_text(text)) == []
    assert "fox" in scrub_text(text) or "mail" in text or "media" in text or "cdn" in text


LEFT = {
    "a bare id": f"a fox {USER} in snow",
    "a link without https": f"a fox, instagram.com/{HANDLE} style",
    "another scheme": f"a fox ftp://{HANDLE}.example/fox.png",
    "a handle that begins with a dot": f"a fox by @.{HANDLE}",
    "an old name with its number": f"a fox by {HANDLE}#4821",
    "a link with a star": f"https://cdn.test/a*{HANDLE}.png fox",
}


@pytest.mark.parametrize("case", LEFT)
def test_scrubbing_of_rarer_forms(case):
    assert secrets_in(scrub_text(LEFT[case])) == []


@pytest.mark.parametrize("role", ["model", "language"])
def test_every_column_of_words_is_scrubbed(tmp_path, role):
    path = tmp_path / "log.csv"
    path.write_text(f"who,words,more\nann,a red fox,en https://example.com/{HANDLE}\n")
    study = tmp_path / "study"
    unspool("read", path, "-o", study, "--columns", f"user_id=who,text=words,{role}=more")
    assert leaks(study) == {}


@pytest.mark.parametrize("columns", [[], ["--columns", "text=words"]])
def test_a_table_without_a_header_is_not_quoted(tmp_path, columns):
    path = tmp_path / "log.csv"
    path.write_text(f"{HANDLE},a red fox in snow,2023-06-01T12:00:00Z\n{HANDLE},a bear,2023-06-01T12:01:00Z\n")
    done = unspool("run", path, *columns, "-o", tmp_path / "study", code=2)
    assert secrets_in(done.err) == []


def test_the_name_of_the_folder_is_not_in_the_study(tmp_path):
    folder = tmp_path / f"{HANDLE} album"
    folder.mkdir()
    made = LOGS["discord_api"](folder)
    unspool("read", Path(made[0]).parent, "-o", tmp_path / "study", "--language", "any")
    assert leaks(tmp_path / "study") == {}
