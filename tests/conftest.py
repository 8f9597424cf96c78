"""Shared by all tests: no deadlines (machines differ), and where the real data lie if they are there."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("unspool", deadline=None, max_examples=60)
settings.load_profile("unspool")

REAL = Path(__file__).parents[1].parent / "shared" / "data"


@pytest.fixture
def real_data():
    """The folder of real logs; a test that needs it is skipped where it is absent, since its rows may not be copied."""
    if not REAL.is_dir():
        pytest.skip("the real data are not beside this checkout")
    return REAL
