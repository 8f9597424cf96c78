import polars as pl
import pytest

from unspool import tables
from unspool.features import Context, parameters
from unspool.syntax.parameters import split_parameters

NAMES = [column.name for column in parameters.COLUMNS]


def measured(echoes, **columns):
    params = split_parameters(pl.Series(echoes, dtype=pl.String))["params"]
    return parameters.measure(pl.DataFrame({"params": params, **columns}), Context())


@pytest.mark.parametrize(
    ("echo", "n", "kinds"),
    [
        ("a cat", 0, 0),
        ("a cat --ar 3:2", 1, 1),
        # ar and two no
        ("a cat --ar 3:2 --no text --no logo", 3, 2),
        # the long form is the same parameter
        ("a cat --aspect 1:1 --ar 2:3", 2, 1),
        # --raw is --style raw
        ("a cat --raw --style raw --s 50", 3, 2),
        ("--ar 3:2", 1, 1),
        ("well -- known words", 0, 0),
        ("", 0, 0),
        (None, 0, 0),
    ],
)
def test_parameters_by_hand(echo, n, kinds):
    assert measured([echo]).select("n_params", "n_param_kinds").row(0) == (n, kinds)


def test_counts_of_the_compiler_are_taken_over():
    found = measured(["a", "b", "c"], n_weights=[0, 2, None], n_image_links=[1, None, 0])
    assert found["n_weights"].to_list() == [0, 2, None]
    assert found["n_image_links"].to_list() == [1, None, 0]


def test_a_null_list_has_no_parameters():
    rows = pl.DataFrame({"params": [None, []]}, schema={"params": tables.PARAMETERS})
    found = parameters.measure(rows, Context())
    assert found.select("n_params", "n_param_kinds").rows() == [(0, 0), (0, 0)]


def test_columns_that_are_absent_are_unknown():
    found = parameters.measure(pl.DataFrame({"text": ["a", "b"]}), Context())
    assert found.rows() == [(None,) * 4] * 2
    assert found.columns == NAMES


def test_a_column_of_nulls_alone_is_unknown():
    rows = pl.DataFrame({"params": [[]], "n_weights": [None], "n_image_links": [None]})
    rows = rows.cast({"params": tables.PARAMETERS})
    assert parameters.measure(rows, Context()).row(0) == (0, 0, None, None)


def test_empty_frame_keeps_types():
    empty = parameters.measure(tables.empty(tables.PROMPTS), Context())
    assert empty.schema == {column.name: column.kind for column in parameters.COLUMNS}


def test_columns_in_order_one_row_each():
    found = measured(["a --v 5"] * 3, n_weights=[1] * 3, n_image_links=[2] * 3)
    assert found.columns == NAMES
    assert found.rows() == [(1, 1, 1, 2)] * 3
