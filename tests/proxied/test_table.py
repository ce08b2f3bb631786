"""The table of faults holds every provider and every kind of operation; what of it is not tried has its reason."""

from __future__ import annotations

import pytest

from app.integrations import connecting
from app.services.operations import EFFECTS
from tests.proxied.medusa import MEDUSA
from tests.proxied.shopify import SHOPIFY
from tests.proxied.stripe import STRIPE
from tests.proxied.table import Effecting, Provider, Reading
from tests.proxied.ups import UPS

PROVIDERS = (SHOPIFY, MEDUSA, STRIPE, UPS)


def name(provider: Provider) -> str:
    return provider.kind.name


def test_every_kind_of_connection_that_serves_something_is_in_the_table():
    served = {kind.name for kind in connecting.every().values() if kind.families and not kind.test_only}
    assert served == {name(provider) for provider in PROVIDERS}


@pytest.mark.parametrize("provider", PROVIDERS, ids=name)
def test_every_kind_of_operation_has_a_row(provider: Provider):
    wanted = {kind for kind, effect in EFFECTS.items() if effect.family in provider.kind.families}
    assert wanted == {row.kind for row in provider.rows if not isinstance(row, Reading)}
    assert len({str(row) for row in provider.rows}) == len(provider.rows)


def test_what_is_left_out_has_its_reason():
    rows = [row for provider in PROVIDERS for row in provider.rows if isinstance(row, Effecting)]
    assert {str(row) for row in rows if row.late} == {"return_open", "exchange_open", "swap_items", "label_announce"}
