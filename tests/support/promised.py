"""The OpenAPI document as a judge of real answers: what is not documented fails the test that saw it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import httpx
from jsonschema_rs import Draft202012Validator

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")


class Promised:
    """What the document promises for every operation."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        # Fields may be added to answers, so the document leaves them open; ours must all be told in it.
        shapes = {name: _closed(shape) for name, shape in document["components"]["schemas"].items()}
        self._all = {**document, "components": {**document["components"], "schemas": shapes}}
        # A path without parameters goes before one with them.
        self._paths = [
            (_pattern(path), path) for path in sorted(document["paths"], key=lambda path: (path.count("{"), path))
        ]
        self._validators: dict[str | int, Draft202012Validator] = {}

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Every method, path and operation."""
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                if method in METHODS:
                    yield method.upper(), path, operation

    def find(self, method: str, path: str) -> tuple[str | None, dict[str, Any] | None]:
        """The path's template and the method's operation there, as far as the document has them."""
        first = None
        for pattern, template in self._paths:
            if pattern.fullmatch(path):
                first = first or template
                operation = self.document["paths"][template].get(method.lower())
                if operation is not None:
                    return template, operation
        return first, None

    def hold(self, answer: httpx.Response) -> None:
        """Raise AssertionError where the answer's status, code, type or shape is not documented."""
        answer.read()
        request = answer.request
        path = unquote(request.url.raw_path.decode().partition("?")[0])
        told = f"{request.method} {path} answered {answer.status_code}"
        template, operation = self.find(request.method, path)
        kind = answer.headers.get("content-type", "").partition(";")[0]
        assert answer.headers["x-request-id"], told
        if answer.status_code >= 400 and request.method != "HEAD":
            assert kind == "application/problem+json", f"{told} as {kind}"
            self.validate("#/components/schemas/Problem", answer.json(), told)
            assert answer.json()["status"] == answer.status_code, told
        if operation is None:
            unknown = (404, 400) if template is None else (405, 400)
            if template is None and not path.startswith("/v1/"):
                return  # /docs, /openapi.json and their like
            assert answer.status_code in unknown, f"{told}: the document does not have this operation"
            return
        declared = operation["responses"].get(str(answer.status_code))
        assert declared is not None, f"{told} with {answer.text[:300]}: not declared for {request.method} {template}"
        contents = {name.partition(";")[0]: content for name, content in declared.get("content", {}).items()}
        assert kind in contents, f"{told} as {kind}, declared {sorted(contents)}"
        if answer.status_code >= 400:
            codes = contents[kind]["examples"]
            assert answer.json()["code"] in codes, f"{told} {answer.json()['code']}: declared {sorted(codes)}"
        elif kind == "application/json":
            self.validate(contents[kind]["schema"], answer.json(), told)

    def validate(self, shape: dict[str, Any] | str, value: Any, told: str) -> None:
        """Raise AssertionError where `value` is not of this shape."""
        key = shape if isinstance(shape, str) else shape.get("$ref") or id(shape)
        validator = self._validators.get(key)
        if validator is None:
            whole = {"$ref": shape} if isinstance(shape, str) else shape
            validator = Draft202012Validator({**whole, "components": self._all["components"]})
            self._validators[key] = validator
        if validator.is_valid(value):
            return
        wrong = next(validator.iter_errors(value))
        where = "/".join(map(str, wrong.instance_path))
        raise AssertionError(f"{told}: /{where}: {wrong.message[:500]}")


def _closed(shape: dict[str, Any]) -> dict[str, Any]:
    if "properties" in shape and "additionalProperties" not in shape:
        return {**shape, "additionalProperties": False}
    return shape


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]+\}", template)
    return re.compile("[^/]+".join(map(re.escape, parts)))
