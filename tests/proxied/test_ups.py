"""UPS behind a proxy: every operation of its adapter × every fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proxied.table import Row, broken, left_out
from tests.proxied.ups import UPS


@pytest.mark.parametrize("row", UPS.rows, ids=str)
async def test_an_effect_ends_as_the_ledger_says_once_and_a_read_is_right_or_an_error(row: Row, specs: Path):
    assert await broken(UPS, row, specs) == []


async def test_no_method_no_call_and_no_fault_is_left_out(specs: Path):
    assert await left_out(UPS, specs) == []
