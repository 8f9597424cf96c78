"""A folder of modules as a registry: an unknown name is told with the word for one of its kind."""

import pytest

from unspool import registry
from unspool.errors import UnspoolError


@pytest.mark.parametrize(
    ("package", "one"),
    [
        ("analyses", "analysis"),
        ("audits", "audit"),
        ("export", "export"),
        ("features", "feature"),
        ("figures", "figure"),
        ("sources", "source"),
        ("threads", "rule"),
    ],
)
def test_an_unknown_name_is_called_what_it_is_and_the_known_ones_are_listed(package, one):
    with pytest.raises(UnspoolError, match=f"There is no {one} named 'foo'") as caught:
        registry.load(package, "foo")
    assert registry.names(package)[0] in caught.value.found
