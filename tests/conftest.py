"""Shared by all tests: no limits of time (machines differ), and where the real data lie if they are there."""

import gc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("unspool", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unspool")

LONGEST = ("test_docs", "test_cli", "test_privacy", "test_resume", "test_notebook", "test_api", "test_corrected_logs")
"""Files that take longest, first: so that no worker is left alone with one of them at the end."""
REAL = Path(__file__).parents[1].parent / "shared" / "data"


def pytest_collection_modifyitems(items):
    """Begin with the files that take longest."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


@pytest.fixture
def real_data():
    """The folder of real logs; a test that needs it is skipped where it is absent, since its rows may not be copied."""
    if not REAL.is_dir():
        pytest.skip("the real data are not beside this checkout")
    return REAL


@pytest.fixture(scope="module", autouse=True)
def _what_stays_is_left_alone():
    """Keep lexicons and language data, millions of objects, out of every later search for garbage."""
    gc.collect()
    gc.freeze()
