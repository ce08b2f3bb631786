"""The whole app before each provider: whatever the deciding call meets, there is one effect and the right end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.proxied.proxy import Fault
from tests.proxied.whole import ROWS, SETTINGS, Whole, case, faults_of
from tests.support.app import App

__all__ = ["SETTINGS"]
AT_ONCE = 6
ON_POSTGRESQL = (Fault("timeout_after_effect"), Fault("refuse"))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_an_effect_is_made_once_and_ends_as_the_provider_says(app: App, specs: Path, row: Whole):
    planned = faults_of(row) if app.settings.embedded else [(fault,) for fault in ON_POSTGRESQL]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        said = list(pool.map(lambda faults: case(app, specs, row, faults), [(), *planned]))
    assert [what for one in said for what in one] == []
