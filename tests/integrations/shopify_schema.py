"""Shopify's own schema, executed: documents are validated and run by graphql-core over whatever the resolvers hold.

Nothing of the schema is written down here: it is read from `specs/shopify/admin_<version>.json.gz`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    build_client_schema,
    execute_sync,
    get_named_type,
    is_composite_type,
    is_list_type,
    parse,
    validate,
)
from graphql.execution.values import get_directive_values
from graphql.utilities import value_from_ast_untyped

VERSIONS = ("2026-07", "2026-10")
SERVED = "2026-10"


@cache
def schema(specs: Path, version: str = SERVED) -> GraphQLSchema:
    """The real schema; its introspection is trusted as it is (`assume_valid`)."""
    with gzip.open(specs / "specs" / "shopify" / f"admin_{version}.json.gz", "rt", encoding="utf-8") as file:
        told = json.load(file)
    return build_client_schema(told.get("data", told), assume_valid=True)


@cache
def _parsed(specs: Path, source: str) -> tuple[DocumentNode, tuple[str, ...]]:
    document = parse(source)
    return document, tuple(error.message for error in validate(schema(specs), document))


def warm(specs: Path, documents: Iterable[str]) -> None:
    """Read the schema and these documents now: a client with a deadline need not wait for it."""
    for source in documents:
        _parsed(specs, source)


def about(specs: Path, source: str, variables: dict[str, Any]) -> tuple[str, float]:
    """The operation's first field, and what it costs."""
    document, _ = _parsed(specs, source)
    return first_field(_operation(document)).name.value, cost_of(schema(specs), document, variables)


def run(specs: Path, source: str, variables: dict[str, Any], roots: dict[str, Any]) -> dict[str, Any]:
    """The answer's body; nothing is executed that is not valid."""
    document, errors = _parsed(specs, source)
    if errors:
        return {"errors": [{"message": message, "extensions": {"code": "undefinedField"}} for message in errors]}
    root = roots[_operation(document).operation.value]
    result = execute_sync(schema(specs), document, root, variable_values=variables, field_resolver=_resolve,
                          type_resolver=lambda value, *_: value.typename)  # fmt: skip
    return _told(result)


def _operation(document: DocumentNode) -> OperationDefinitionNode:
    return next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))


def first_field(operation: OperationDefinitionNode) -> FieldNode:
    field = operation.selection_set.selections[0]
    assert isinstance(field, FieldNode)
    return field


def _told(result: ExecutionResult) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [
            {
                "message": error.message,
                "path": error.path,
                "extensions": error.extensions or ({} if error.path else {"code": "INVALID_VARIABLE"}),
            }
            for error in result.errors
        ]
    if result.data is not None or not result.errors or any(error.path for error in result.errors):
        body["data"] = result.data
    return body


def idempotency_key(info: GraphQLResolveInfo) -> str | None:
    """The key of the field's `@idempotent`, None where it has none."""
    directive = info.schema.get_directive("idempotent")
    assert directive is not None
    values = get_directive_values(directive, info.field_nodes[0], info.variable_values)
    return None if values is None else values["key"]


def _resolve(source: Any, info: GraphQLResolveInfo, **args: Any) -> Any:
    value = source.get(info.field_name) if isinstance(source, dict) else getattr(source, info.field_name, None)
    if callable(value):
        value = value(info, **args) if getattr(value, "wants_info", False) else value(**args)
    kind = get_named_type(info.return_type)
    if isinstance(value, list) and kind.name.endswith("Connection"):
        return page(value, args)
    if isinstance(value, list) and args.get("first") is not None:
        return value[: args["first"]]
    return value


def wants_info(method: Any) -> Any:
    """A resolver that is given the `info`, too."""
    method.wants_info = True
    return method


def page(found: list[Any], args: dict[str, Any]) -> dict[str, Any]:
    """A connection of it; the cursor is the place."""
    if args.get("reverse"):
        found = [*reversed(found)]
    start = int(args["after"]) if args.get("after") else 0
    end = start + args.get("first", 50)
    part = found[start:end]
    return {
        "nodes": part,
        "edges": [{"node": node, "cursor": str(start + at + 1)} for at, node in enumerate(part)],
        "pageInfo": {
            "hasNextPage": end < len(found),
            "hasPreviousPage": start > 0,
            "endCursor": str(start + len(part)) if part else None,
            "startCursor": str(start + 1) if part else None,
        },
    }


# ---- what a query costs ------------------------------------------------------------------------------------------


def cost_of(which: GraphQLSchema, document: DocumentNode, variables: dict[str, Any]) -> float:
    """As Shopify documents it: an object is 1 point, a connection as many times its `first`, a mutation 10."""
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    mutation = operation.operation.value == "mutation"
    root = which.mutation_type if mutation else which.query_type
    assert root is not None
    return (10 if mutation else 0) + _cost(which, root, operation.selection_set, fragments, variables)


def _cost(which: GraphQLSchema, kind: Any, selections: Any, fragments: dict, variables: dict[str, Any]) -> float:
    total = 0.0
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            total += _cost_of_field(which, kind, selection, fragments, variables)
        elif isinstance(selection, InlineFragmentNode):
            named = which.type_map[selection.type_condition.name.value] if selection.type_condition else kind
            total += _cost(which, named, selection.selection_set, fragments, variables)
        else:
            part = fragments[selection.name.value]
            named = which.type_map[part.type_condition.name.value]
            total += _cost(which, named, part.selection_set, fragments, variables)
    return total


def _cost_of_field(which: GraphQLSchema, kind: Any, field: FieldNode, fragments: dict, variables: dict) -> float:
    name = field.name.value
    if name.startswith("__") or field.selection_set is None:
        return 0
    declared = kind.fields[name]
    inner = get_named_type(declared.type)
    assert is_composite_type(inner)
    children = _cost(which, inner, field.selection_set, fragments, variables)
    args = {one.name.value: value_from_ast_untyped(one.value, variables) for one in field.arguments or ()}
    bare = declared.type.of_type if isinstance(declared.type, GraphQLNonNull) else declared.type
    first = args.get("first")
    if isinstance(inner, GraphQLObjectType) and inner.name.endswith("Connection"):
        return max(1, first or 1) * children  # `nodes` counts 1 each below
    if is_list_type(bare) and name not in {"nodes", "edges", "userErrors", "orderCancelUserErrors"}:
        return (first or 1) * (1 + children)
    if name == "pageInfo" or inner.name == "PageInfo":
        return 0
    return 1 + children
