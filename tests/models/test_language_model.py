"""The language model: windows, batches, surprisals against a plain loop, unigrams, loading and its errors."""

import sys
import time
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import tiny_gpt2

from unspool.errors import UnspoolError
from unspool.models import _libraries, _scoring, _weights
from unspool.models._libraries import default_dtype, library
from unspool.models._scoring import Window, batches, windows
from unspool.models._unigrams import unigram_surprisals
from unspool.models.language_model import load, unavailable

TEXTS = [
    "a cat on a mat",
    "portrait of a samurai, octane render, 8k --ar 16:9",
    "x",
    "the dog and the fox and the cat " * 4,
    "<b>bold</b> & =cmd|' /C calc'!A0 \u202eright to left\u0007 \u0000",
    "🙂 кошка 猫",
    "word " * 200,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    tiny_gpt2.libraries()
    return tiny_gpt2.write(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def model(folder):
    return load(str(folder), device="cpu", dtype="float32")


# Window 4, stride 2, ten tokens 0..9. Window 0-3 scores 1 2 3, window 2-5 then 4 5, 4-7 then 6 7, 6-9 then 8 9.
def test_windows_of_a_long_sequence():
    assert list(windows([10], 4, 2)) == [
        Window(0, 0, 1, 4),
        Window(0, 2, 4, 6),
        Window(0, 4, 6, 8),
        Window(0, 6, 8, 10),
    ]


def test_windows_of_short_sequences():
    assert list(windows([0, 1, 2, 4], 4, 2)) == [Window(2, 0, 1, 2), Window(3, 0, 1, 4)]


@given(st.lists(st.integers(0, 60), max_size=6), st.integers(1, 8))
def test_every_token_but_the_first_is_scored_once_and_after_as_much_as_there_is(lengths, half):
    found = list(windows(lengths, 2 * half, half))
    scored = [(window.sequence, at) for window in found for at in range(window.first, window.end)]
    assert sorted(scored) == [(number, at) for number, length in enumerate(lengths) for at in range(1, length)]
    for window in found:
        assert window.begin < window.first < window.end
        assert window.end - window.begin <= 2 * half
        assert window.first - window.begin >= min(half, window.first)


@given(st.lists(st.integers(2, 50), max_size=30), st.integers(1, 100))
def test_batches_keep_the_budget_and_lose_nothing(lengths, budget):
    asked = list(windows(lengths, 1024, 512))
    made = list(batches(asked, budget))
    assert sorted(window for batch in made for window in batch) == asked
    for batch in made:
        assert len(batch) == 1 or len(batch) * max(window.length for window in batch) <= budget
    ordered = [window.length for batch in made for window in batch]
    assert ordered == sorted(ordered)


def test_cost_is_the_negative_log_of_the_softmax():
    torch = pytest.importorskip("torch", reason=tiny_gpt2.REASON)
    # softmax(log 1, log 2, log 5) = 1/8, 2/8, 5/8
    logits = torch.log(torch.tensor([[1.0, 2.0, 5.0], [1.0, 2.0, 5.0], [1e4, 2e4, 5e4]]))
    found = _scoring.cost(logits, torch.tensor([0, 2, 1]))
    assert found == pytest.approx([np.log(8), np.log(8 / 5), np.log(4)], abs=1e-6)


def test_cost_in_parts_is_that_of_the_whole(monkeypatch):
    torch = pytest.importorskip("torch", reason=tiny_gpt2.REASON)
    logits, targets = torch.randn(11, 7), torch.arange(11) % 7
    whole = _scoring.cost(logits, targets)
    monkeypatch.setattr(_scoring, "ROWS_AT_ONCE", 3)
    assert np.array_equal(_scoring.cost(logits, targets), whole)
    expected = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    assert whole == pytest.approx(expected.numpy(), abs=1e-6)


def plain(model, tokens):
    """The known recipe for models of fixed length: one text at a time, its loss per window, no start token."""
    import torch

    costs, reached = [], 0
    for begin in range(0, len(tokens), model.window // 2):
        end = min(begin + model.window, len(tokens))
        asked = torch.tensor([tokens[begin:end]])
        wanted = asked.clone()
        wanted[:, : -(end - reached)] = -100
        with torch.no_grad():
            logits = model.network(asked).logits.float()
        for at in range(1, end - begin):
            if wanted[0, at] != -100:
                costs.append(-float(torch.log_softmax(logits[0, at - 1], -1)[asked[0, at]]))
        reached = end
        if end == len(tokens):
            break
    return costs


@pytest.mark.parametrize("start", [True, False])
@pytest.mark.parametrize("budget", [1, 64, 4096])
def test_batches_give_what_a_plain_loop_gives(model, start, budget, monkeypatch):
    monkeypatch.setattr(_scoring, "ROWS_AT_ONCE", 50)
    monkeypatch.setitem(sys.modules["unspool.models.language_model"].BUDGET, "cpu", budget)
    tokens = model.tokens(TEXTS)
    assert max(map(len, tokens)) > 3 * model.window
    found = model.surprisals(TEXTS, start=start)
    for ids, values in zip(tokens, found, strict=True):
        expected = plain(model, [model.start, *ids] if start else ids)
        assert len(values) == len(ids) - (not start)
        assert values == pytest.approx(expected, abs=1e-4)


def test_the_loss_of_the_network_is_the_mean_surprisal(model):
    import torch

    tokens = torch.tensor(model.tokens([TEXTS[1]]))
    with torch.no_grad():
        loss = float(model.network(tokens, labels=tokens).loss)
    assert model.surprisals([TEXTS[1]], start=False)[0].mean() == pytest.approx(loss, abs=1e-5)


def test_a_text_alone_and_among_others(model):
    among = model.surprisals(TEXTS)
    for text, values in zip(TEXTS, among, strict=True):
        assert model.surprisals([text])[0] == pytest.approx(values, abs=1e-4)
    turned = model.surprisals(TEXTS[::-1])[::-1]
    assert all(one == pytest.approx(other, abs=1e-4) for one, other in zip(among, turned, strict=True))


def test_equal_texts_are_read_once_and_counted(folder):
    model = load(str(folder), device="cpu", dtype="float32")
    texts = ["a cat", "a dog", "a cat", "a cat"]
    found = model.surprisals(texts)
    assert (model.n_texts, model.n_scored) == (4, 2)
    assert np.array_equal(found[0], found[2])
    assert not np.array_equal(found[0][:2], found[1][:2])


def test_empty_and_absent_texts(model):
    assert model.surprisals([]) == []
    assert [len(values) for values in model.surprisals(["", None])] == [0, 0]
    assert [len(values) for values in model.surprisals(["", None, "a"], start=False)] == [0, 0, 0]
    assert [len(values) for values in model.surprisals(["a"])] == [1]
    assert model.tokens([]) == []


def test_a_token_of_control_in_a_text_is_text(model):
    tokens = model.tokens([f"a {tiny_gpt2.END} b"])[0]
    assert model.start not in tokens
    assert model.tokenizer.decode(tokens) == f"a {tiny_gpt2.END} b"


def test_bfloat16_is_near_float32(folder, model):
    half = load(str(folder), device="cpu", dtype="bfloat16")
    assert half.dtype == "bfloat16"
    exact, rough = (np.concatenate(one.surprisals(TEXTS)) for one in (model, half))
    assert 0 < np.abs(exact - rough).max() < 0.3
    assert rough.mean() == pytest.approx(exact.mean(), rel=0.01)


def test_the_window_is_that_of_the_model_where_it_is_shorter(model):
    assert model.window == tiny_gpt2.POSITIONS


def test_a_network_that_fails_is_an_error(model, monkeypatch):
    import torch

    def broken(input_ids, use_cache):
        return SimpleNamespace(logits=torch.full((*input_ids.shape, 320), torch.nan))

    broken.device = "cpu"
    monkeypatch.setattr(model, "network", broken)
    with pytest.raises(UnspoolError, match="no finite probability"):
        model.surprisals(["a cat"])


class Letters:
    """A tokenizer of single characters, to work by hand."""

    all_special_ids = (0,)
    texts = ("<e>", "a", "b", " a", " b", "A", " A", " B", ",", "1", "\ufffd", "z")

    def __call__(self, texts, add_special_tokens):
        assert add_special_tokens is False
        return {"input_ids": [[self.texts.index(text[:2]), *map(self.texts.index, text[2:])] for text in texts]}

    def batch_decode(self, asked):
        return [self.texts[token] for (token,) in asked]


# The words ab (.6) and b1 (.2), half lower-cased and half with a capital: " a" .3, " A" .3, "b" .3 + .3, " b" .1, " B" .1,
# "1" .2 without a letter. By form: a .6, b .8, in sum 1.4. The word zz is below one in ten million.
def test_unigrams_of_words_by_hand(monkeypatch):
    import wordfreq

    monkeypatch.setattr(wordfreq, "get_frequency_dict", lambda *asked: {"ab": 0.6, "b1": 0.2, "zz": 9e-8})
    found = unigram_surprisals(Letters(), len(Letters.texts))
    a, b, none = -np.log(0.6 / 1.4), -np.log(0.8 / 1.4), np.inf
    assert found == pytest.approx([none, a, b, a, b, a, a, b, none, none, none, none])


def test_unigrams_of_a_model(folder, monkeypatch):
    import wordfreq

    monkeypatch.setattr(
        wordfreq, "get_frequency_dict", lambda *asked: {"the": 0.6, "cat": 0.2, "8k": 0.1, "rare": 1e-8}
    )
    model = load(str(folder), device="cpu", dtype="float32")
    found = model.unigrams
    assert found.shape == (len(model.tokenizer),)
    texts = model.tokenizer.batch_decode([[token] for token in range(len(found))])
    by_text = dict(zip(texts, found, strict=True))
    assert by_text[" the"] < by_text[" cat"] < by_text[" samurai"] == np.inf
    assert by_text["c"] == by_text["C"] < by_text["z"] == np.inf
    assert by_text[","] == by_text["8"] == by_text[tiny_gpt2.END] == np.inf
    forms = {text.strip().lower(): cost for text, cost in by_text.items() if np.isfinite(cost)}
    assert sum(np.exp(-cost) for cost in forms.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [
        ("flags\t: fpu avx512f avx512_bf16", "bfloat16"),
        ("flags\t: fpu amx_bf16 amx_tile", "bfloat16"),
        ("Features\t: fp asimd bf16", "bfloat16"),
        ("flags\t: fpu avx2 avx512f", "float32"),
        ("", "float32"),
    ],
)
def test_the_type_of_a_processor(tmp_path, flags, dtype):
    file = tmp_path / "cpuinfo"
    file.write_text(flags)
    assert default_dtype("cpu", file) == dtype


def test_the_type_where_nothing_is_known_of_the_processor(tmp_path):
    assert default_dtype("cpu", tmp_path / "absent") == "float32"


def test_an_unknown_type_is_an_error():
    with pytest.raises(UnspoolError, match=r"int8.*bfloat16, float32"):
        load("gpt2", dtype="int8")


@pytest.mark.parametrize("name", ["torch", "transformers"])
def test_an_absent_library_names_the_install_line(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UnspoolError, match=rf'{name} is not installed.*pip install "unspool\[lm\]"'):
        library(name)


def test_a_fault_inside_a_library_is_not_taken_for_its_absence(tmp_path, monkeypatch):
    (tmp_path / "faulty_library.py").write_text("import not_there_at_all")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):
        library("faulty_library")


def test_unavailable_without_a_name():
    assert unavailable(None) == unavailable("")
    assert "a hub name (gpt2), a folder or a .gguf file" in unavailable(None)


@pytest.mark.parametrize(
    ("name", "lacking", "told"),
    [
        ("gpt2", {"torch"}, "torch is not installed"),
        ("gpt2", {"torch", "transformers"}, "torch and transformers are not installed"),
        ("model.gguf", {"gguf"}, "gguf is not installed"),
    ],
)
def test_unavailable_without_libraries(name, lacking, told, monkeypatch):
    monkeypatch.setattr(_libraries, "find_spec", lambda asked: None if asked in lacking else object())
    assert told in unavailable(name)
    assert unavailable(name).endswith('install: pip install "unspool[lm]".')


@pytest.fixture
def offline(monkeypatch, tmp_path):
    tiny_gpt2.libraries()
    monkeypatch.setattr(_weights, "hub", lambda: "http://127.0.0.1:9")
    monkeypatch.setattr(_weights, "getproxies", dict)


def test_unavailable_where_the_hub_cannot_be_reached(offline):
    began = time.monotonic()
    assert "gpt2-of-nobody is not on this machine" in unavailable("gpt2-of-nobody")
    assert time.monotonic() - began < 10


def test_a_hub_name_that_cannot_be_reached(offline):
    with pytest.raises(UnspoolError, match=r"owner/gpt2-of-nobody is not on this machine.*folder.*\.gguf"):
        load("owner/gpt2-of-nobody")


def test_available(folder):
    assert unavailable(str(folder)) is None


def test_names():
    assert _weights.is_hub_name("gpt2")
    assert _weights.is_hub_name("openai-community/gpt2")
    for name in ("/models/gpt2", "./gpt2", "~/gpt2", "a/b/c", "model.gguf", "Model.GGUF", "", "a b"):
        assert not _weights.is_hub_name(name)


def test_a_folder_goes_before_a_hub_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gpt2").mkdir()
    assert not _weights.is_hub_name("gpt2")


@pytest.mark.parametrize("name", ["/no/such/model", "none.gguf", "./gone"])
def test_a_path_that_is_not_there(name):
    tiny_gpt2.libraries()
    with pytest.raises(UnspoolError, match=f"There is no model at {name}"):
        load(name)


def test_a_folder_that_is_no_model(tmp_path):
    tiny_gpt2.libraries()
    with pytest.raises(UnspoolError, match=r"no config\.json"):
        load(str(tmp_path))


def copied(folder, to):
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_damaged_files(folder, tmp_path, name):
    copied(folder, tmp_path)
    (tmp_path / name).write_bytes(b"{ damaged")
    with pytest.raises(UnspoolError, match="cannot be loaded"):
        load(str(tmp_path))


def test_weights_that_are_missing_are_not_made_up(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    copied(folder, tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["transformer.h.1.mlp.c_fc.weight"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UnspoolError, match=r"is incomplete.*h\.1\.mlp\.c_fc\.weight"):
        load(str(tmp_path))


def test_a_masked_model_is_refused(folder, tmp_path):
    from transformers import BertConfig, BertForMaskedLM

    copied(folder, tmp_path)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertForMaskedLM(BertConfig(vocab_size=320, initializer_range=0.5, **sizes)).save_pretrained(tmp_path)
    with pytest.raises(UnspoolError, match="no causal language model"):
        load(str(tmp_path))


def test_a_model_without_a_token_to_begin_with(folder, tmp_path):
    from transformers import AutoTokenizer

    copied(folder, tmp_path)
    own = AutoTokenizer.from_pretrained(folder)
    own.bos_token = own.eos_token = None
    own.save_pretrained(tmp_path)
    with pytest.raises(UnspoolError, match="no token to begin with"):
        load(str(tmp_path))


def test_loading_prints_nothing_and_leaves_the_library_as_it_was(folder, capfd):
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    load(str(folder))
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "unspool" / "models"


@pytest.fixture
def gguf_file(folder, tmp_path):
    for name in ("gguf", "accelerate"):
        pytest.importorskip(name, reason=tiny_gpt2.REASON)
    return tiny_gpt2.write_gguf(folder, tmp_path / "tiny.gguf")


def test_a_gguf_file_is_the_model_it_was_made_of(model, gguf_file, cache):
    found = load(str(gguf_file), device="cpu", dtype="float32")
    assert found.tokens(TEXTS) == model.tokens(TEXTS)
    assert found.window == 1024
    short = [text for text, tokens in zip(TEXTS, model.tokens(TEXTS), strict=True) if len(tokens) < model.window]
    assert len(short) > 2
    for one, other in zip(found.surprisals(short), model.surprisals(short), strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def test_a_gguf_file_is_unpacked_once_for_its_content(gguf_file, cache, monkeypatch):
    first = _weights.unpacked(gguf_file)
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {path.name for path in first.iterdir()}
    monkeypatch.setattr(_weights, "read_gguf", lambda file: pytest.fail("unpacked again"))
    assert _weights.unpacked(gguf_file) == first
    assert [path for path in cache.iterdir() if path.is_dir()] == [first]


def test_another_file_of_the_same_name_is_another_model(tmp_path, cache, monkeypatch):
    made = []
    monkeypatch.setattr(_weights, "unpack", lambda file, target: (made.append(target), target.mkdir()))
    file = tmp_path / "model.gguf"
    for content in (b"one", b"two", b"one"):
        file.write_bytes(content)
        _weights.unpacked(file)
    assert len(made) == len(set(made)) == 2


def test_unpacking_that_fails_leaves_nothing_behind(tmp_path, cache, monkeypatch):
    tiny_gpt2.libraries()
    pytest.importorskip("gguf", reason=tiny_gpt2.REASON)
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF but damaged")
    with pytest.raises(UnspoolError, match="cannot be loaded"):
        load(str(file))
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_a_cut_write_does_not_stand_under_the_name(tmp_path, cache, monkeypatch):
    tiny_gpt2.libraries()

    def cut(folder):
        (folder / "model.safetensors").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(_weights, "library", lambda name: None)
    monkeypatch.setattr(_weights, "quiet", nullcontext)
    monkeypatch.setattr(_weights, "read_gguf", lambda file: (SimpleNamespace(save_pretrained=cut), None))
    file = tmp_path / "model.gguf"
    file.write_bytes(b"any")
    with pytest.raises(KeyboardInterrupt):
        _weights.unpacked(file)
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_a_cache_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(UnspoolError, match="XDG_CACHE_HOME"):
        _weights.cache_folder()


def test_the_cache_without_xdg(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _weights.cache_folder() == tmp_path / ".cache" / "unspool" / "models"
