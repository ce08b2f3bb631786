"""UPS's own OpenAPI documents: which operation a request is, and whether its body and parameters are as they say."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs
import yaml

FILES = {
    "OAuthClientCredentials.yaml": "",
    "Shipping.tabs-removed.yaml": "/api",
    "Tracking.yaml": "/api",
    "UPSTrackAlert.patched.yaml": "/api/track/v2",
    "AddressValidation.yaml": "/api",
}
"""Each with what its servers put before its paths."""


@dataclass(frozen=True)
class Operation:
    """One operation of a document."""

    document: str
    method: str
    path: str
    told: dict[str, Any]


@functools.cache
def load(folder: Path, name: str) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = yaml.load((folder / name).read_text(encoding="utf-8"), Loader=loader)
    return json.loads(json.dumps(found, default=str))  # dates and numbers as names are no JSON


@functools.cache
def _validator(folder: Path, name: str, schema: str) -> Any:
    return jsonschema_rs.validator_for({**json.loads(schema), "components": load(folder, name)["components"]})


class Documents:
    """All of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def operation(self, method: str, path: str) -> Operation:
        """The operation of a request; deprecated ones are none."""
        for name, prefix in FILES.items():
            for template, item in load(self.folder, name)["paths"].items():
                pattern = re.sub(r"\{[^}]+\}", "[^/]+", prefix + template)
                found = item.get(method.lower())
                if found is not None and "eprecated" not in template and re.fullmatch(pattern, path):
                    return Operation(name, method, prefix + template, found)
        raise AssertionError(f"UPS has no {method} {path}")

    def check(self, method: str, target: str, headers: Any, body: bytes) -> Operation:
        """The operation; AssertionError where the request is not as the document says."""
        path, _, query = target.partition("?")
        operation = self.operation(method, path)
        whole = load(self.folder, operation.document)
        self._parameters(operation, whole, headers, dict(parse_qsl(query, strict_parsing=bool(query))))
        wanted = operation.told.get("requestBody")
        if wanted is None:
            assert body == b"", "a body where none is wanted"
            return operation
        kind = headers["Content-Type"]
        schema = wanted["content"][kind]["schema"]
        sent = dict(parse_qsl(body.decode())) if "form" in kind else json.loads(body)
        _validator(self.folder, operation.document, json.dumps(schema)).validate(sent)
        return operation

    def _parameters(self, operation: Operation, whole: Any, headers: Any, query: dict[str, str]) -> None:
        parameters = [self._resolved(one, whole) for one in operation.told.get("parameters", [])]
        for one in parameters:
            given = {"header": headers, "query": query, "path": None}[one["in"]]
            assert given is None or not one.get("required") or one["name"] in given, f"{one['name']} is missing"
        known = {one["name"] for one in parameters if one["in"] == "query"}
        assert set(query) <= known, f"unknown: {set(query) - known}"

    def _resolved(self, part: dict[str, Any], whole: Any) -> dict[str, Any]:
        if "$ref" not in part:
            return part
        for step in part["$ref"].removeprefix("#/").split("/"):
            whole = whole[step]
        return whole

    def answers(self) -> list[tuple[str, str, Any]]:
        """Every example of an answer: document, status, and the example; a webhook's body is `webhook`."""
        found: list[tuple[str, str, Any]] = []
        for name in FILES:
            whole = load(self.folder, name)
            for item in whole["paths"].values():
                for operation in item.values():
                    for status, answer in operation["responses"].items():
                        found += [(name, status, one) for one in examples(answer.get("content", {}))]
            for hook in whole.get("webhooks", {}).values():
                found += [(name, "webhook", one) for one in examples(hook["post"]["requestBody"]["content"])]
        return found


def examples(content: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    for one in content.values():
        found += [one["example"]] if "example" in one else []
        found += [example["value"] for example in one.get("examples", {}).values()]
    return found
