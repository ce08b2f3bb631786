"""The page about the policy document says what the code does."""

import json
import re
from pathlib import Path

from app.services.policy.document import PolicyDocument, check
from app.services.policy.names import NAMES

PAGE = (Path(__file__).parents[3] / "docs/policy.md").read_text(encoding="utf-8")
KINDS = {"text", "number", "money", "true or false", "moment", "tags"}


def test_the_example_is_accepted():
    example = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert check(json.loads(example[1]))


def test_every_part_is_told():
    told = set(re.findall(r"`(\w+)`", PAGE))
    parts = {field.alias or name for name, field in PolicyDocument.model_fields.items()}
    assert parts - told == {"schema", "currencies"}
    assert '"schema": 1' in PAGE
    assert '"currencies"' in PAGE


def test_every_fact_is_told():
    rows = [row.split("|") for row in PAGE.splitlines() if row.startswith("|")]
    facts = {name for row in rows if row[1].strip() in KINDS for name in row[2].strip(" `").split()}
    assert facts == set(NAMES)
