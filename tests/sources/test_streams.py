"""JSON with values that are no JSON."""

import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from unspool.sources import _constants, _frames, _streams

ODD = [
    {"text": 'NaN, Infinity: a "NaN" fox \\', "n": float("nan")},
    {"text": "-Infinity", "n": float("-inf"), "more": [float("inf"), True, 1e-5]},
]
READ = [
    {"text": 'NaN, Infinity: a "NaN" fox \\', "n": None},
    {"text": "-Infinity", "n": None, "more": [None, True, 1e-5]},
]


def items(tmp_path, content):
    path = tmp_path / "log.json"
    path.write_text(content)
    return list(_streams.json_items(path, "item"))


def test_a_bare_nan_is_null_and_costs_nothing_behind_it(tmp_path):
    plain = [{"text": f"fox {n}" * 100} for n in range(2_000)]
    found = items(tmp_path, json.dumps([*plain, *ODD, *plain, *ODD]))
    assert found == [(value, "") for value in (*plain, *READ, *plain, *READ)]


def test_json_that_is_broken_elsewhere_breaks_off_there(tmp_path):
    found = items(tmp_path, json.dumps([*ODD, *ODD])[:-1] + ", {oops")
    assert [value for value, _ in found] == [*READ, *READ, None]
    assert found[-1][1].startswith("the JSON breaks off")


def test_lines_with_a_bare_nan_are_read(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join([*map(json.dumps, ODD), '{"n": NaN', "NaNa"]))
    found = list(_streams.json_lines(path))
    assert [value for _, value, _ in found] == [*READ, None, None]
    assert [why.split(":")[0] for _, _, why in found] == ["", "", "not JSON", "not JSON"]


def test_a_table_keeps_its_rows_behind_a_bare_nan(tmp_path):
    path = tmp_path / "log.json"
    path.write_text(json.dumps([{"text": "a", "upscaled": 1}, {"text": "b", "upscaled": float("nan")}, {"text": "c"}]))
    (part,) = _frames.slices(path, _frames.Span(), ["text", "upscaled"])
    assert part.rows.rows() == [("a", "1"), ("b", None), ("c", None)]
    assert part.malformed.is_empty()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.sampled_from(["NaN", 'a"NaN', "\\", "Infinity\n"])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.integers(1, 12), st.booleans())
@example([float("-inf"), -1, "-"], 1, True)
@example(float("-inf"), 1, True)
def test_whatever_the_size_of_a_read(value, size, ascii_only):
    written = json.dumps(value, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    nulled, parts = _constants.Nulled(io.BytesIO(written)), []
    while part := nulled.read(size):
        parts.append(part)
    assert json.loads(b"".join(parts), parse_constant=pytest.fail) == _constants.from_line(written)
