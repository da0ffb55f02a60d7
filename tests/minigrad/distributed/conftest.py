"""Programs that take no time run together, once."""

import pytest

from tests.minigrad.distributed.ranks import on_ranks


@pytest.fixture(scope="session")
def three():
    """What each of three ranks got from each of `programs.SMALL`, by name."""
    ranks = on_ranks(3, "small")
    return {name: [rank[name] for rank in ranks] for name in ranks[0]}
