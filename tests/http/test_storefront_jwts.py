"""A storefront vouches by a JWT for who is signed in: what counts opens a session at once, all else is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.models.storefronts import SigningKey
from app.models.stores import Store
from app.services import storefront_jwts
from tests.http.storefront import Page
from tests.support.app import App, Tenant

SECRET = "k" * 48


def pair(curve: ec.EllipticCurve | None = None) -> tuple[str, str]:
    """A private and a public key as PEM."""
    private = ec.generate_private_key(curve or ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


PRIVATE, PUBLIC = pair()


def add(store: Tenant, algorithm: str, material: str, *, live: bool = False) -> str:
    def work(session: Any) -> str:
        row = session.get_one(Store, store.id)
        key, _ = storefront_jwts.add_key(
            session, row, name="shop", livemode=live, algorithm=algorithm, material=material
        )
        return key.id

    return store.app.write(work)


@pytest.fixture
def page(store: Tenant) -> Page:
    """A page of a store that takes both algorithms."""
    add(store, "HS256", SECRET)
    add(store, "ES256", PUBLIC)
    return Page.of(store)


def claims(store: Tenant, **more: Any) -> dict[str, Any]:
    """What counts, with `more` instead; None takes a claim away."""
    found = {"sub": "cust-anna", "aud": store.id, "exp": int(time.time()) + 120, **more}
    return {name: value for name, value in found.items() if value is not None}


def signed(
    payload: dict[str, Any], key: str = SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None
) -> str:
    return jwt.encode(payload, key, algorithm, headers=headers)


def by_hand(header: Any, payload: Any, key: str = SECRET) -> str:
    """Whatever one likes, with a signature by HMAC."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    body = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mark = hmac.new(key.encode(), body, hashlib.sha256).digest()
    return (body + b"." + base64.urlsafe_b64encode(mark).rstrip(b"=")).decode()


def ask(page: Page, token: str, **headers: str) -> Any:
    return page.post("/v1/shopper-sessions", {"jwt": token}, **headers)


@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_what_the_storefront_has_signed_opens_a_session_at_once(page: Page, algorithm: str) -> None:
    key = SECRET if algorithm == "HS256" else PRIVATE
    for more in ({}, {"iat": int(time.time()), "jti": "once"}, {"aud": ["other", page.store.id]}):
        answer = ask(page, signed(claims(page.store, **more), key, algorithm))
        told = answer.json()
        assert (answer.status_code, told["status"]) == (201, "active"), told
        assert page.send("GET", "/v1/orders/1001", token=told["token"]).status_code == 200
        assert page.send("GET", "/v1/orders/1002", token=told["token"]).json()["code"] == "order_not_found"
    assert page.store.post("/v1/shopper-sessions", {"jwt": signed(claims(page.store), key, algorithm)}).is_success


def test_a_customer_whom_the_shop_does_not_have_is_not_found(page: Page) -> None:
    answer = ask(page, signed(claims(page.store, sub="cust-nobody")))
    assert (answer.status_code, answer.json()["code"]) == (404, "customer_not_found")


BAD: dict[str, Any] = {
    "unsigned": lambda store: jwt.encode(claims(store), None, "none"),
    "unsigned, in capitals": lambda store: by_hand({"alg": "NONE", "typ": "JWT"}, claims(store)),
    "without its signature": lambda store: signed(claims(store)).rpartition(".")[0] + ".",
    "signed by another secret": lambda store: signed(claims(store), "x" * 48),
    "signed by another key": lambda store: signed(claims(store), pair()[0], "ES256"),
    "another algorithm of the secret": lambda store: signed(claims(store), SECRET * 2, "HS512"),
    "RS256": lambda store: signed(claims(store), _rsa(), "RS256"),
    "the public key as a shared secret": lambda store: by_hand({"alg": "HS256", "typ": "JWT"}, claims(store), PUBLIC),
    "changed after it was signed": lambda store: _changed(signed(claims(store, sub="cust-luc")), "luc", "anna"),
    "expired": lambda store: signed(claims(store, exp=int(time.time()) - 1)),
    "without an end": lambda store: signed(claims(store, exp=None)),
    "an end that is a text": lambda store: by_hand({"alg": "HS256"}, claims(store, exp=str(int(time.time()) + 60))),
    "an end that is true": lambda store: by_hand({"alg": "HS256"}, claims(store, exp=True)),
    "an end that is infinite": lambda store: by_hand({"alg": "HS256"}, claims(store, exp=float("inf"))),
    "an end that is no number": lambda store: by_hand({"alg": "HS256"}, claims(store, exp=float("nan"))),
    "an end in a million years": lambda store: by_hand({"alg": "HS256"}, claims(store, exp=10**15)),
    "good for six minutes": lambda store: signed(claims(store, exp=int(time.time()) + 360)),
    "good for six minutes since a while": lambda store: signed(claims(store, iat=int(time.time()) - 250)),
    "issued in the future": lambda store: signed(claims(store, iat=int(time.time()) + 60)),
    "not yet to be used": lambda store: signed(claims(store, nbf=int(time.time()) + 60)),
    "for nobody": lambda store: signed(claims(store, aud=None)),
    "for another store": lambda store: signed(claims(store, aud="sto_01m7zskg3kes4tpxfpb1m0gczt")),
    "for an object": lambda store: by_hand({"alg": "HS256"}, claims(store, aud={"store": store.id})),
    "without a customer": lambda store: signed(claims(store, sub=None)),
    "an empty customer": lambda store: signed(claims(store, sub="")),
    "a customer that is a number": lambda store: by_hand({"alg": "HS256"}, claims(store, sub=17)),
    "a very long customer": lambda store: signed(claims(store, sub="c" * 300)),
    "a customer with a NUL": lambda store: by_hand({"alg": "HS256"}, claims(store, sub="cust-\0anna")),
    "a customer with half a character": lambda store: by_hand({"alg": "HS256"}, claims(store, sub="cust-\ud800")),
    "a customer with a line feed": lambda store: by_hand({"alg": "HS256"}, claims(store, sub="cust-anna\n")),
    "an id with a NUL": lambda store: by_hand({"alg": "HS256"}, claims(store, jti="\0")),
    "an id with half a character": lambda store: by_hand({"alg": "HS256"}, claims(store, jti="\ud800")),
    "an id that is a list": lambda store: by_hand({"alg": "HS256"}, claims(store, jti=["x"])),
    "an unknown key": lambda store: signed(claims(store), headers={"kid": "sgk_nobody"}),
    "a key that is a number": lambda store: by_hand({"alg": "HS256", "kid": 1}, claims(store)),
    "a header that must be understood": lambda store: signed(claims(store), headers={"crit": ["x"], "x": 1}),
    "claims that are a list": lambda store: by_hand({"alg": "HS256"}, [1]),
    "claims nested deeply": lambda store: by_hand({"alg": "HS256"}, b"[" * 2500),
    "a header that is no JSON": lambda store: by_hand(b"\xff\xfe", claims(store)),
    "longer than it may be": lambda store: signed(claims(store, page="x" * 4000)),
    "no JWT": lambda store: "eyJhbGciOiJub25lIn0",
    "dots": lambda store: "..",
}


def _rsa() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _changed(token: str, old: str, new: str) -> str:
    header, body, mark = token.split(".")
    text = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode().replace(old, new)
    return ".".join((header, base64.urlsafe_b64encode(text.encode()).decode().rstrip("="), mark))


@pytest.mark.parametrize("what", BAD)
def test_a_jwt_that_does_not_count_opens_nothing(page: Page, what: str) -> None:
    answer = ask(page, BAD[what](page.store))
    assert (answer.status_code, answer.json()["code"]) == (403, "jwt_refused"), answer.text
    assert "token" not in answer.json()


def test_a_jwt_of_another_store_or_mode_opens_nothing(page: Page, other: Tenant) -> None:
    add(other, "HS256", "o" * 48)
    theirs = signed(claims(other), "o" * 48)
    assert ask(Page.of(other), theirs).status_code == 201
    assert ask(page, theirs).json()["code"] == "jwt_refused"
    add(other, "HS256", SECRET)  # the same secret in two stores: the audience tells them apart
    assert ask(page, signed(claims(other))).json()["code"] == "jwt_refused"
    live = Page.of(page.store, live=True)
    assert ask(live, signed(claims(page.store))).json()["code"] == "jwt_refused"


def test_a_jwt_that_names_itself_is_good_once(page: Page, other: Tenant) -> None:
    token = signed(claims(page.store, jti="a-1"))
    assert [ask(page, token).status_code for _ in range(2)] == [201, 403]
    again = signed(claims(page.store, jti="a-1", exp=int(time.time()) + 200))
    assert ask(page, again).json()["detail"] == "The JWT has been used already: its jti is known."
    add(other, "HS256", "o" * 48)
    assert ask(Page.of(other), signed(claims(other, jti="a-1"), "o" * 48)).status_code == 201
    lost = signed(claims(page.store, jti="a-2"))
    first, second = (ask(page, lost, Idempotency_Key="lost").json() for _ in "ab")
    assert (first["id"], first["token"][:3]) == (second["id"], "st_")
    assert second["token"] is None, "who overheard the request and sends it again gets nothing"


def test_a_revoked_signing_key_counts_no_more_and_a_second_one_beside_it_does(page: Page, app: App) -> None:
    second = add(page.store, "HS256", "n" * 48)
    new = signed(claims(page.store), "n" * 48, headers={"kid": second})
    assert ask(page, new).status_code == 201
    app.write(lambda session: storefront_jwts.revoke_key(session, session.get_one(SigningKey, second)))
    assert ask(page, new).json()["code"] == "jwt_refused"
    assert ask(page, signed(claims(page.store))).status_code == 201


@pytest.mark.parametrize(
    ("algorithm", "material"),
    [
        ("HS256", "short"),
        ("ES256", "short"),
        ("ES256", PRIVATE),
        ("ES256", pair(ec.SECP384R1())[1]),
        ("ES256", None),
        ("none", "x" * 48),
        ("RS256", PUBLIC),
    ],
)
def test_a_signing_key_that_is_of_no_use_is_refused(store: Tenant, algorithm: str, material: str | None) -> None:
    with pytest.raises(ValueError, match=r"key|secret|HS256"):
        add(store, algorithm, material)  # type: ignore[arg-type]
