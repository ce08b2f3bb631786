"""The document tells everything that the API does, with an example each, and every example is true to its schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from tests.support.app import App
from tests.support.promised import Promised

SNAPSHOT = Path(__file__).with_name("openapi.json")
BINARY = {"application/pdf", "image/gif", "image/jpeg", "image/png", "image/webp"}


@pytest.fixture(scope="module")
def promised() -> Promised:
    return Promised(create_app(Settings()).openapi())  # type: ignore[attr-defined]


def test_the_document_is_the_one_that_was_agreed_on(promised: Promised) -> None:
    kept = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    hint = "the API's document changed: look at the difference, then `python -m tests.tools.renew_openapi`"
    assert promised.document == kept, hint


def test_the_document_is_the_same_however_often_it_is_made(promised: Promised) -> None:
    assert create_app(Settings()).openapi() == promised.document  # type: ignore[attr-defined]


def test_every_operation_says_what_it_does(promised: Promised) -> None:
    tags = {tag["name"] for tag in promised.document["tags"]}
    names = [operation["operationId"] for _, _, operation in promised.operations()]
    assert len(set(names)) == len(names)
    for method, path, operation in promised.operations():
        told = f"{method} {path}"
        assert operation.get("summary"), told
        assert len(operation.get("description", "")) > 10, told
        assert len(operation["tags"]) == 1, told
        assert set(operation["tags"]) <= tags, told
        by_link = path.startswith(("/v1/ratings/", "/v1/inbound/"))  # whose token or signature is the credential
        assert bool(operation.get("security")) == (path.startswith("/v1/") and not by_link), told


def test_every_request_has_an_example_that_is_true_to_its_schema(promised: Promised) -> None:
    for method, path, operation in promised.operations():
        if "requestBody" in operation:
            [content] = operation["requestBody"]["content"].values()
            assert content.get("example") is not None, f"{method} {path}"
            promised.validate(content["schema"], content["example"], f"{method} {path}")


def test_every_success_has_an_example_that_is_true_to_its_schema(promised: Promised) -> None:
    for method, path, operation in promised.operations():
        successes = {status: told for status, told in operation["responses"].items() if int(status) < 400}
        assert successes, f"{method} {path}"
        for status, told in successes.items():
            assert told["content"], f"{method} {path} {status}"
            for kind, content in told["content"].items():
                if kind not in BINARY:
                    assert content.get("example") is not None, f"{method} {path} {status}"
                    promised.validate(content["schema"], content["example"], f"{method} {path} {status}")


def test_every_refusal_has_an_example_that_is_true_to_its_schema(promised: Promised) -> None:
    for method, path, operation in promised.operations():
        refusals = {status: told for status, told in operation["responses"].items() if int(status) >= 400}
        assert refusals, f"{method} {path}"
        for status, told in refusals.items():
            assert set(told["content"]) == {"application/problem+json"}, f"{method} {path} {status}"
            content = told["content"]["application/problem+json"]
            assert content["examples"], f"{method} {path} {status}"
            for code, reference in content["examples"].items():
                example = promised.document["components"]["examples"][reference["$ref"].rpartition("/")[2]]
                promised.validate(content["schema"], example["value"], code)
                assert (example["value"]["code"], str(example["value"]["status"])) == (code, status)
                assert example["summary"], code


def test_every_schema_says_what_it_is(promised: Promised) -> None:
    silent = [
        name for name, shape in promised.document["components"]["schemas"].items() if not shape.get("description")
    ]
    assert silent == []


def test_every_reference_leads_somewhere(promised: Promised) -> None:
    references = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(promised.document)))
    assert len(references) > 100
    for reference in references:
        place: Any = promised.document
        for step in reference.split("/"):
            assert step in place, reference
            place = place[step]


def test_answers_stay_open_for_new_fields_and_requests_do_not(promised: Promised) -> None:
    for name, shape in promised.document["components"]["schemas"].items():
        if shape.get("type") == "object":
            assert shape.get("additionalProperties", True) is not name.endswith("In"), name


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_the_documentation_loads_with_no_outside_address(app: App, page: str) -> None:
    client = app.client()
    answer = client.get(page)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?:https?:)?//""", answer.text)
    loaded = re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)\s*=\s*["']([^"']+)""", answer.text)
    assert any(address.endswith(".js") for address in loaded)
    for address in loaded:
        part = client.get(urljoin(page, address))
        assert part.status_code == 200, address
        if address.endswith(".css"):
            assert not re.search(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""", part.text), address


def test_the_served_document_is_the_document(app: App, promised: Promised) -> None:
    assert app.client().get("/openapi.json").json() == promised.document


def test_a_client_of_the_tests_refuses_what_is_not_documented(app: App) -> None:
    request = httpx.Request("GET", f"{app.url}/v1/refunds/rfd_1")
    more = {**app.promised.document["components"]["schemas"]["RefundOut"]["examples"][0], "surprise": 1}
    with pytest.raises(AssertionError, match="surprise"):
        app.promised.hold(httpx.Response(200, json=more, headers={"x-request-id": "r"}, request=request))
    with pytest.raises(AssertionError, match="not declared"):
        app.promised.hold(httpx.Response(204, headers={"x-request-id": "r"}, request=request))
