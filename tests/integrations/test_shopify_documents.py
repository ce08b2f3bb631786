"""Every document that the Shopify adapter sends is one that Shopify takes: in both versions, and at what it costs."""

from __future__ import annotations

import pytest
from graphql import FieldNode, OperationDefinitionNode, parse, validate, visit
from graphql.language import Visitor

from app.integrations.commerce import (
    shopify_documents,
    shopify_effect_documents,
    shopify_reads,
    shopify_return_documents,
)
from tests.integrations.shopify_schema import VERSIONS, cost_of, first_field, schema

DOCUMENTS = {
    name: text
    for module in (shopify_documents, shopify_effect_documents, shopify_return_documents)
    for name, text in vars(module).items()
    if name.isupper() and isinstance(text, str) and ("\nquery " in text or "\nmutation " in text)
}
DEEPEST = {
    "GET_ORDER": shopify_reads.ONE,
    "FIND_ORDERS": {"first": shopify_reads.AT_ONCE, **shopify_reads.FEW},
    "LIST_ORDERS": {"first": 50},
    "CHANGED_ORDERS": {"first": 50},
    "MORE_LINES": {"first": shopify_reads.LINES},
    "MORE_PARCELS": shopify_reads.PARCELS,
    "MORE_REFUNDS": max(shopify_reads.REFUNDS, key=lambda one: one["refunds"] * one["parts"]),
    "MORE_TRANSACTIONS": shopify_reads.TRANSACTIONS,
}
"""The sizes with which a document is sent."""
CEILING = 1000


def test_all_are_found():
    assert len(DOCUMENTS) == 43
    assert {first_field(_operation(text)).name.value for text in DOCUMENTS.values()} >= {"order", "refundCreate"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_validates(specs, version, name):
    assert validate(schema(specs, version), parse(DOCUMENTS[name])) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_costs_less_than_shopify_s_ceiling(specs, name):
    variables = DEEPEST.get(name, {})
    assert 0 < cost_of(schema(specs), parse(DOCUMENTS[name]), variables) <= CEILING


@pytest.mark.parametrize("refunds", shopify_reads.REFUNDS)
def test_each_way_to_read_refunds_costs_less_than_the_ceiling(specs, refunds):
    assert cost_of(schema(specs), parse(shopify_documents.MORE_REFUNDS), refunds) <= CEILING


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_refund_is_never_sent_without_its_key(name):
    """Shopify wants `@idempotent` on it since 2026-04, and a document without it validates all the same."""
    for field in _fields(DOCUMENTS[name]):
        keys = [one for one in field.directives or () if one.name.value == "idempotent"]
        assert len(keys) == (1 if field.name.value == "refundCreate" else 0)


def test_a_document_without_the_key_would_validate(specs):
    """So that the test above is what stands between us and two refunds."""
    bare = shopify_effect_documents.CREATE_REFUND.replace("@idempotent(key: $key)", "").replace(", $key: String!", "")
    assert validate(schema(specs), parse(bare)) == []


def test_nothing_asks_to_refund_more_than_was_paid():
    assert not any("allowOverRefunding" in text for text in DOCUMENTS.values())


def _operation(text: str) -> OperationDefinitionNode:
    return next(one for one in parse(text).definitions if isinstance(one, OperationDefinitionNode))


def _fields(text: str) -> list[FieldNode]:
    found: list[FieldNode] = []

    class Every(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            found.append(node)

    visit(parse(text), Every())
    return found
