"""The OpenAPI document: 3.1, one security scheme, an example for every request, success and refusal."""

import copy
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app import errors
from app.errors import AppError
from app.routers import pasted
from app.routers.answers import declare
from app.routers.headers import read_by
from app.routers.schemas import Problem

DESCRIPTION = """
One REST API for everything that happens after checkout: a shopper's message comes in and is answered, acted on, or
handed to a person with everything filled in. Money moves at most once per `Idempotency-Key`.

Authenticate with `Authorization: Bearer` and a key: `sk_…` on a server, `pk_…` in a web page, `st_…` for one shopper.
Errors are RFC 9457 `application/problem+json` with a stable `code`; a path that is not here is 404 `not_found`, a
method that is not here 405 `method_not_allowed`. Amounts are integer minor units; times are RFC 3339 in UTC.

Every answer carries `X-Request-Id` (yours, where you sent one of at most 128 letters, digits, `_`, `.`, `:` and `-`),
`Aftersale-Version` and `RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset`; 429 and 503 carry `Retry-After`;
an answer that is given again for its `Idempotency-Key` carries `Idempotent-Replayed: true`.
"""
TAGS = {
    "Messages": "The main job: a shopper's message in, an answer, an act or a hand-over out.",
    "Shopper sessions": "How a shopper in a storefront proves who they are.",
    "Triage": "What a text wants, in which language and mood.",
    "Tickets": "Conversations.",
    "Agents": "The store's people and teams.",
    "Orders": "The shop's orders, through a mirror with its age, and where they are.",
    "Returns": "Goods on their way back.",
    "Exchanges": "Delivered items for other variants, with the difference.",
    "Return labels": "Labels for them.",
    "Refunds": "Money back.",
    "Claims": "What arrived damaged, wrong or not at all; a person decides.",
    "Withdrawals": "The statutory right to withdraw: declared, confirmed, acknowledged.",
    "Credits": "Store credit.",
    "Policies": "What shoppers, agents and automation may do; versions, one of them active, and backtests.",
    "Decisions": "What the guard said, on which facts, under which version.",
    "Approvals": "What waits for a person's yes.",
    "Actions": "Everything that can be done, through one door.",
    "Operations": "The durable record of each outside effect.",
    "Customers": "Who buys.",
    "Files": "Photos and documents that shoppers and stores send.",
    "Catalog": "What the shop sells: what an exchange or a swap may choose.",
    "Connections": "A store's own systems, and what they send us.",
    "Events": "The log of every change.",
    "Webhooks": "Who is told of events, what each was sent, and sending it again.",
    "System": "Health, readiness, metrics.",
}


def describe(app: FastAPI) -> None:
    """Have `app` serve the finished document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build(app)
        return app.openapi_schema

    app.openapi = document


# What the edge and the shared parameters may refuse, whatever the operation is.
ANY = (errors.BadRequest, errors.UriTooLong, errors.InvalidHeader, AppError, errors.Unavailable)
WITH_BODY = (errors.RequestTimeout, errors.TooLarge, errors.UnsupportedMediaType)
BY_LINK = ("/v1/ratings/", "/v1/inbound/")
"""Paths whose token, or whose caller's signature, is the credential."""
BY_PARAMETER: dict[str, tuple[type[AppError], ...]] = {
    "cursor": (errors.InvalidCursor,),
    "idempotency-key": (errors.IdempotencyKeyRequired, errors.IdempotencyKeyReused, errors.IdempotencyKeyInUse),
    "aftersale-customer": (errors.CustomerNotFound, errors.NotConnected, errors.ProviderUnavailable),
}


EVENT: dict[str, Any] = {
    "tags": ["Events"],
    "summary": "One change",
    "description": "What a change looks like to those who follow the log (`GET /v1/events`): the same envelope, "
    "whatever way it comes. Its `id` tells a copy from another change; `sequence` has no gaps per resource.",
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EventOut"}}},
    },
    "responses": {"2XX": {"description": "Taken."}},
}


def build(app: FastAPI) -> dict[str, Any]:
    """The document, made from the routes."""
    found = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description=DESCRIPTION.strip(),
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        separate_input_output_schemas=False,
    )
    schema = copy.deepcopy(found)  # parts of it belong to the routes
    components = schema["components"]
    # Told here once: as the `model` of each refusal of each route it would cost a third of the start.
    components["schemas"] = dict(sorted({**components["schemas"], **_shapes(Problem)}.items()))
    components.setdefault("securitySchemes", {})["secretKey"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "A secret key: sk_test_… or sk_live_…; in a web page a publishable key, pk_…, or a shopper's "
        "token, st_…",
    }
    for name, shape in components["schemas"].items():
        _tell(name, shape, components["schemas"])
    routes = {
        (route.path_format, method.lower()): route
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    problems: dict[str, Any] = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            route = routes[path, method]
            operation["operationId"] = _called(route)
            told = copy.deepcopy(read_by(route.dependant))
            operation["parameters"] = [*operation.get("parameters", []), *told]
            if not operation["parameters"]:
                del operation["parameters"]
            if path.startswith("/v1/") and not path.startswith(BY_LINK):
                operation["security"] = [{"secretKey": []}]
            _name_form(operation, components["schemas"])
            _require_key(operation)
            pasted.fill(operation, method, path)
            _refuse(operation, method)
            _show(operation, components["schemas"])
            _as_problems(operation["responses"], problems)
            operation["responses"] = dict(sorted(operation["responses"].items()))
    components["examples"] = dict(sorted(problems.items()))
    schema["webhooks"] = {"event": {"post": EVENT}}
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    return schema


def _called(route: APIRoute) -> str:
    """What a generated client calls it: a verb and its noun, which a bare verb gets from its tag (`cancel_claim`)."""
    if "_" in route.name or not route.path.startswith("/v1/"):
        return route.name
    plural = str(route.tags[0]).lower().replace(" ", "_")
    noun = f"{plural[:-3]}y" if plural.endswith("ies") else plural.removesuffix("s")
    return route.name if route.name == noun else f"{route.name}_{noun}"


def _shapes(model: type[BaseModel]) -> dict[str, Any]:
    """The model's schema and those that it rests on, by name."""
    shape = model.model_json_schema(ref_template="#/components/schemas/{model}")
    for field in shape["properties"].values():
        if field.get("default", ...) is None:  # what is not there has no default, as everywhere in the document
            del field["default"]
    return {**shape.pop("$defs", {}), model.__name__: shape}


def _tell(name: str, shape: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Say of a model what FastAPI leaves out."""
    if name.startswith("Page_"):
        shape.setdefault("description", "A page of a list, newest first.")
    if not name.endswith("In"):  # fields may be added to answers: a client's code must not refuse them
        shape.pop("additionalProperties", None)
    for example in shape.get("examples", []):
        _put_nulls_back(example, shape, schemas)


def _put_nulls_back(example: Any, shape: dict[str, Any], schemas: dict[str, Any]) -> None:
    """FastAPI drops every null from the examples; a field that is required is null where it is not there."""
    for choice in shape.get("anyOf", [shape]):
        found = schemas[choice["$ref"].rpartition("/")[2]] if "$ref" in choice else choice
        if isinstance(example, list):
            for item in example:  # pyright: ignore[reportUnknownVariableType]
                _put_nulls_back(item, found.get("items", {}), schemas)
        elif isinstance(example, dict):
            for name, part in found.get("properties", {}).items():
                if name in found.get("required", ()) and {"type": "null"} in part.get("anyOf", ()):
                    example.setdefault(name, None)  # pyright: ignore[reportUnknownMemberType]
                if name in example:
                    _put_nulls_back(example[name], part, schemas)


def _name_form(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """A form's shape stands with the others, by its title: generated clients name their types after them."""
    content = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data")
    if content is not None and "$ref" not in content["schema"]:
        schemas[content["schema"]["title"]] = content["schema"]
        content["schema"] = {"$ref": f"#/components/schemas/{content['schema']['title']}"}


def _require_key(operation: dict[str, Any]) -> None:
    """Say `required` of the idempotency key where the endpoint itself declares that it refuses without."""
    declared = operation["responses"].get("400", {}).get("content", {}).get("application/problem+json", {})
    if errors.IdempotencyKeyRequired.code in declared.get("examples", {}):
        for parameter in operation["parameters"]:
            if parameter["name"] == "idempotency-key":
                parameter["required"] = True


def _refuse(operation: dict[str, Any], method: str) -> None:
    """Declare what is refused before the endpoint runs."""
    kinds = [*ANY, *(WITH_BODY if method != "get" else ())]
    for parameter in operation.get("parameters", []):
        kinds += BY_PARAMETER.get(parameter["name"], ())
    if method != "get" and "multipart/form-data" not in operation.get("requestBody", {}).get("content", {}):
        kinds.append(errors.InvalidJson)
    responses = operation["responses"]
    responses.get("422", {}).get("content", {}).pop("application/json", None)
    for status, entry in declare(*kinds).items():
        here = responses.setdefault(str(status), {"description": entry["description"], "content": {}})
        content = here.setdefault("content", {}).setdefault("application/problem+json", {"examples": {}})
        for code, example in entry["content"]["application/problem+json"]["examples"].items():
            content.setdefault("examples", {}).setdefault(code, example)


def _show(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Put the model's own example beside each request and each success."""
    places = [operation.get("requestBody", {})]
    places += [answer for status, answer in operation["responses"].items() if int(status) < 400]
    for place in places:
        content = place.get("content", {}).get("application/json")
        if content is not None and "example" not in content:
            content["example"] = _example(content["schema"], schemas)
        elif content is not None:
            _put_nulls_back(content["example"], _whole(content["schema"], schemas), schemas)


def _whole(shape: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    return schemas[shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape


def _example(shape: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """The example of a model, or of a page of them; None where somebody forgot it (a test tells)."""
    for choice in shape.get("anyOf", [shape]):
        if "$ref" in choice:
            found = schemas[choice["$ref"].rpartition("/")[2]]
            if "examples" in found:
                return found["examples"][0]
            items = found.get("properties", {}).get("data", {}).get("items")
            if items is not None:
                return {"data": [_example(items, schemas)], "next_cursor": None}
    return None


def _as_problems(responses: dict[str, Any], problems: dict[str, Any]) -> None:
    """FastAPI writes the model of a refusal under application/json: it is application/problem+json.

    Each example is written once, in the document's components.
    """
    for status, response in responses.items():
        content = response.get("content", {})
        if int(status) >= 400 and "application/problem+json" in content:
            content.pop("application/json", None)
            told = content["application/problem+json"]
            told["schema"] = {"$ref": "#/components/schemas/Problem"}
            for code, example in told["examples"].items():
                if "$ref" not in example:
                    problems[code] = example
                    told["examples"][code] = {"$ref": f"#/components/examples/{code}"}
