"""The examples of docs/policies.md are policies, each alone and all of them together."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from app.services.policy.document import PolicyDocument
from tests.support.app import Tenant

PAGE = Path(__file__).resolve().parents[2] / "docs" / "policies.md"


def examples() -> list[dict[str, Any]]:
    return [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)]


def test_every_example_is_accepted_and_can_be_activated(store: Tenant) -> None:
    found = examples()
    assert len(found) >= 4
    for document in found:
        made = store.post("/v1/policies", {"document": document})
        assert made.status_code == 201, made.text
        for name in document:
            assert name in made.json()["document"]
        assert store.post(f"/v1/policies/{made.json()['id']}/activate").status_code == 200
    whole = {name: part for document in found for name, part in document.items()}
    assert store.post("/v1/policies", {"document": whole}).status_code == 201


def test_the_page_names_fields_that_there_are() -> None:
    fields = {field.alias or name for name, field in PolicyDocument.model_fields.items()}
    assert {name for document in examples() for name in document} <= fields
