"""A simulated export that the tests of the stages share."""

import pytest

from unspool.simulate import simulate


@pytest.fixture(scope="session")
def export(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "export.json"
    simulate("newcomers", seed=5, users=120).write(path)
    return path
