"""The storefront's word on who is signed in there: a JWT of at most five minutes, signed by a key of the store.

RFC 7519 with `sub` (the shop's own customer id, or ours), `aud` (the store's id) and `exp`. The algorithm is the key's,
never the token's: a public key cannot be passed off as a shared secret, and `none` is no algorithm here.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, ids
from app.database import insert_missing
from app.errors import JwtRefused
from app.models.storefronts import ALGORITHMS, SigningKey, UsedJwt
from app.models.stores import Store
from app.services import audit
from app.services.callers import Caller
from app.services.stores import COMMAND_LINE

LONGEST_LIFE = timedelta(minutes=5)
SKEW = timedelta(seconds=5)
"""How far the storefront's clock may be ahead of ours."""
LONGEST = 4096
SHORTEST_SECRET = 32
"""Bytes of a shared secret, RFC 7518 section 3.2."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a JWT that counts says."""

    customer: str
    jti: str | None
    expires_at: datetime


def read(caller: Caller, keys: Sequence[SigningKey], token: str) -> Vouched:
    """Check `token` against the store's keys; raises `jwt_refused` with the reason."""
    import jwt  # with its cryptography too heavy to be loaded by whoever has no use for it

    if len(token) > LONGEST:
        raise JwtRefused(f"The JWT is longer than {LONGEST} characters.")
    try:
        claims = _signed(keys, jwt.get_unverified_header(token), token)
        _check_audience(caller, claims.get("aud"))
        return _meant(claims)
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError, KeyError) as error:
        raise JwtRefused("The JWT cannot be read.") from error


def _signed(keys: Sequence[SigningKey], header: dict[str, Any], token: str) -> dict[str, Any]:
    """Its claims, if a key of the store has signed it by that key's own algorithm."""
    import jwt

    if "crit" in header or not isinstance(header.get("kid"), str | None):
        raise JwtRefused("The JWT's header asks for what is not supported.")
    named = [key for key in keys if header.get("kid") in (None, key.id)]
    options: Any = {"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    for key in named:
        try:
            return jwt.decode(token, key.material, algorithms=[key.algorithm], options=options)
        except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError, jwt.InvalidKeyError):
            continue
    raise JwtRefused("The JWT is not signed by a signing key of this store and mode.")


def _check_audience(caller: Caller, audience: Any) -> None:
    named: list[Any] = audience if isinstance(audience, list) else [audience]  # pyright: ignore[reportUnknownVariableType]
    if caller.store_id not in named:
        raise JwtRefused("The JWT is for somebody else: its aud is not this store's id.")


def _meant(claims: dict[str, Any]) -> Vouched:
    """Who and until when; times are seconds since 1970."""
    now = clock.now()
    subject, jti = _id(claims, "sub"), _id(claims, "jti")
    if subject is None:
        raise JwtRefused("The JWT names no customer: sub is their id.")
    if jti is None and claims.get("jti") is not None:
        raise JwtRefused("The JWT's jti is no text of at most 255 characters.")
    expires_at = _moment(claims, "exp")
    if expires_at is None:
        raise JwtRefused("The JWT has no end: exp is needed.")
    if expires_at <= now:
        raise JwtRefused("The JWT has expired.")
    issued_at, not_before = _moment(claims, "iat"), _moment(claims, "nbf")
    if expires_at - max(now, issued_at or now) > LONGEST_LIFE + SKEW or (
        issued_at is not None and expires_at - issued_at > LONGEST_LIFE
    ):
        raise JwtRefused("The JWT lives longer than five minutes.")
    if any(moment is not None and moment > now + SKEW for moment in (issued_at, not_before)):
        raise JwtRefused("The JWT is from the future.")
    return Vouched(subject, jti, expires_at)


def _id(claims: dict[str, Any], name: str) -> str | None:
    """None where it can be no id: neither database takes halves of characters, and PostgreSQL no NUL."""
    value = claims.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable() else None


def _moment(claims: dict[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise JwtRefused(f"The JWT's {name} is no number of seconds.")
    return datetime.fromtimestamp(value, UTC)


def use_up(session: Session, caller: Caller, vouched: Vouched) -> None:
    """Raise `jwt_refused` where a JWT of that `jti` has been used already."""
    if vouched.jti is None:
        return
    row = {
        "store_id": caller.store_id,
        "livemode": caller.livemode,
        "hash": sha256(vouched.jti.encode()).hexdigest(),
        "expires_at": vouched.expires_at,
    }
    if not insert_missing(session, UsedJwt, row):
        raise JwtRefused("The JWT has been used already: its jti is known.")


# ---- the keys ---------------------------------------------------------------------------------------------------


def keys_of(session: Session, store_id: str, *, livemode: bool) -> list[SigningKey]:
    """The keys that sign for this store in this mode."""
    query = select(SigningKey).where(SigningKey.store_id == store_id, SigningKey.livemode == livemode)
    return list(session.scalars(query.where(SigningKey.revoked_at.is_(None)).order_by(SigningKey.id)))


def add_key(
    session: Session, store: Store, *, name: str, livemode: bool, algorithm: str, material: str | None
) -> tuple[SigningKey, str | None]:
    """A key for the store's JWTs. ES256 takes the public key as PEM; HS256 takes a secret, or makes one and gives it.

    Raises ValueError where the material is of no use.
    """
    made = None
    if algorithm == "HS256" and material is None:
        made = material = secrets.token_urlsafe(48)
    key = SigningKey(
        id=ids.new("sgk"),
        store_id=store.id,
        livemode=livemode,
        name=name,
        algorithm=algorithm,
        material=_checked(algorithm, material),
        created_at=clock.now(),
    )
    session.add(key)
    session.flush()
    _audit(session, key, "signing_key.added")
    return key, made


def revoke_key(session: Session, key: SigningKey) -> None:
    """What it has signed is refused from the next request on."""
    key.revoked_at = clock.now()
    _audit(session, key, "signing_key.revoked")


def _checked(algorithm: str, material: str | None) -> str:
    if algorithm not in ALGORITHMS or material is None:
        raise ValueError("HS256 with a shared secret, or ES256 with a public key as PEM")
    if algorithm == "HS256":
        if len(material.encode()) < SHORTEST_SECRET:
            raise ValueError(f"a secret for HS256 has {SHORTEST_SECRET} bytes at least")
        return material
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if "PRIVATE KEY" in material:
        raise ValueError("this is a private key: keep it, and give the public one")
    try:
        found = load_pem_public_key(material.encode())
    except ValueError:
        raise ValueError("this is no public key in PEM form") from None
    if not isinstance(found, ec.EllipticCurvePublicKey) or not isinstance(found.curve, ec.SECP256R1):
        raise ValueError("ES256 wants a key on the curve P-256")  # noqa: TRY004  what a person typed, not a type
    return material


def _audit(session: Session, key: SigningKey, action: str) -> None:
    audit.write(
        session,
        action=action,
        subject_type="signing_key",
        subject_id=key.id,
        actor=COMMAND_LINE,
        store_id=key.store_id,
        livemode=key.livemode,
        evidence={"name": key.name, "algorithm": key.algorithm},
    )
