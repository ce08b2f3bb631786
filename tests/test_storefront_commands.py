"""The command line of storefronts: publishable keys with their origins, and what a shop signs JWTs with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.test_commands import Line


@pytest.fixture
def line(database_url: str, tmp_path: Path) -> Line:
    """On a migrated database, once on SQLite and once on PostgreSQL."""
    return Line(tmp_path, AFTERSALE_DATABASE_URL=database_url)


def test_a_publishable_key_is_made_listed_changed_and_revoked(line: Line) -> None:
    store = line.gives("stores", "create", "Shop")["id"]
    origins = ("--origin", "https://Shop.example/", "--origin", "http://localhost:3000")
    made = line.gives("keys", "create", store, "--publishable", *origins)
    assert made["key"].startswith("pk_test_")
    assert made["origins"] == ["http://localhost:3000", "https://shop.example"]
    live = line.gives("keys", "create", store, "--publishable", "--live", "--origin", "https://shop.example")
    assert live["key"].startswith("pk_live_")
    line.gives("keys", "create", store, "--name", "server")
    rows = [json.loads(row) for row in line.run("keys", "list", store).stdout.splitlines()]
    kept = {row["id"]: row for row in rows}
    assert [row["kind"] for row in rows] == ["publishable", "publishable", "secret"]
    assert kept[made["id"]]["prefix"] == made["key"], "it is no secret, and is needed again"
    assert (kept[made["id"]]["origins"], rows[2]["origins"]) == (made["origins"], [])
    assert len(rows[2]["prefix"]) == 12
    changed = line.gives("keys", "set", made["id"], "--origin", "https://new.example")
    assert changed == {"id": made["id"], "origins": ["https://new.example"]}
    assert "belongs in no web page" in line.refuses("keys", "set", rows[2]["id"], "--origin", "https://new.example")
    assert line.gives("keys", "revoke", made["id"])["revoked"] is True


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--publishable",), "--publishable goes with --origin"),
        (("--origin", "https://shop.example"), "--publishable goes with --origin"),
        (("--publishable", "--origin", "https://shop.example", "--scope", "orders:read"), "--scope with a secret key"),
        (("--publishable", "--origin", "*"), "* is no origin"),
        (("--publishable", "--origin", "http://shop.example"), "plain http is for localhost"),
        (("--publishable", "--origin", "https://shop.example/cart"), "more than an origin"),
    ],
)
def test_a_publishable_key_that_cannot_be_meant_is_refused(line: Line, options: tuple[str, ...], word: str) -> None:
    store = line.gives("stores", "create", "Shop")["id"]
    assert word in line.refuses("keys", "create", store, *options)
    assert line.run("keys", "list", store).stdout == ""


def test_signing_keys_are_added_listed_and_revoked_and_show_no_secret(line: Line) -> None:
    store = line.gives("stores", "create", "Shop")["id"]
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    added = line.gives("stores", "add-signing-key", store, "--from-file", line.file(public, "public.pem"))
    assert (added["algorithm"], added["audience"], added["livemode"]) == ("ES256", store, False)
    assert "secret" not in added
    shared = line.gives("stores", "add-signing-key", store, "--algorithm", "HS256", "--live", "--name", "old shop")
    assert len(shared["secret"]) >= 43
    listed = line.run("stores", "list-signing-keys", store).stdout
    assert shared["secret"] not in listed
    assert [json.loads(row)["name"] for row in listed.splitlines()] == ["storefront", "old shop"]
    assert line.gives("stores", "revoke-signing-key", added["id"]) == {"id": added["id"], "revoked": True}
    rows = [json.loads(row) for row in line.run("stores", "list-signing-keys", store).stdout.splitlines()]
    assert [row["revoked_at"] is None for row in rows] == [False, True]

    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for options, word in (
        (("--from-file", line.file(pem, "private.pem")), "this is a private key"),
        (("--from-file", line.file("short", "short.txt"), "--algorithm", "HS256"), "32 bytes"),
        ((), "a public key as PEM"),
        (("--algorithm", "none"), "Invalid value"),
    ):
        assert word in line.refuses("stores", "add-signing-key", store, *options)
    assert "no signing key sgk_none" in line.refuses("stores", "revoke-signing-key", "sgk_none")
    assert "no store sto_none" in line.refuses("stores", "add-signing-key", "sto_none", "--algorithm", "HS256")
