"""Hundreds of random calls by somebody who holds every credential but the merchant's: no cap passed, nobody's order."""

from tests.support.app import App
from tests.tools.hostile import besiege


def test_a_hostile_caller_passes_no_cap_and_touches_nobody_s_order(app: App) -> None:
    siege, wrong = besiege(app, 300, seed=20261122)
    assert wrong == []
    done = {told.split()[0] for told in siege.answers}
    assert {"200", "202", "401", "403", "404", "409", "422"} <= done, siege.answers
    assert siege.share >= 0.2, "the siege itself got through where it may"
    assert len(siege.allowed) >= 10, siege.allowed
