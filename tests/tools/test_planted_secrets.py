"""The search for planted card numbers and keys finds each of them, and misses none that redaction would."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from urllib.parse import quote

import pytest

from app.services.redaction import redact
from tests.tools.planted_values import KEYS, NETWORKS, TEXT, Values, found, luhn

WRITINGS: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "JSON": lambda text: json.dumps(text).encode(),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)).encode(),
    "an address": lambda text: quote(text, safe="").encode(),
}


def values(count: int = 1500) -> tuple[Values, list[str]]:
    made = Values(random.Random(7))
    return made, [made.any("text") for _ in range(count)]


@pytest.mark.parametrize("writing", WRITINGS)
def test_what_was_planted_is_found_in_any_writing(writing: str) -> None:
    made, texts = values()
    for text in texts:
        assert found(b"x\x00" + WRITINGS[writing](f"it is {text} then") + b"\x00y", made.planted), text
    whole = b"\n".join(WRITINGS[writing](text) for text in texts)
    assert set(found(whole, made.planted)) == set(made.planted)


def test_nothing_is_found_where_nothing_was_planted() -> None:
    made, _ = values()
    noise = random.Random(8)
    assert not found(noise.randbytes(200_000), made.planted)
    assert not found(bytes(noise.choices(b"0123456789 -", k=50_000)), made.planted)


def test_every_network_spelling_and_key_is_redacted() -> None:
    made, texts = values(4000)
    told = " ".join(made.planted.values())
    assert [name for name in (*NETWORKS, *TEXT, *KEYS) if name not in told] == []
    left = [
        made.planted[value] for text in texts for value in found(redact(f"It is {text} ok").text.encode(), made.planted)
    ]
    assert left == []


def test_the_numbers_are_right() -> None:
    assert luhn("411111111111111") == "4111111111111111"
    assert luhn("37828224631000") == "378282246310005"
