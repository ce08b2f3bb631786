"""`aftersale keys create --publishable`, `aftersale keys set` and `aftersale stores add-signing-key …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.commands.means import with_database
from app.commands.tenants import Fields, known_store

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def create_key(store_id: str, name: str, *, live: bool, origins: tuple[str, ...]) -> Fields:
    """A new publishable key for pages on these origins."""
    from app.services import stores

    allowed = _origins(origins)

    def work(session: Session) -> Fields:
        store = known_store(session, store_id)
        try:
            key, shown = stores.issue_publishable(session, store, name=name, livemode=live, allowed=allowed)
        except ValueError as error:
            raise click.ClickException(f"{error}: --origin https://shop.example") from error
        return {"id": key.id, "key": shown, "origins": allowed, "livemode": key.livemode}

    return with_database(work)


def set_origins(key_id: str, origins: tuple[str, ...]) -> Fields:
    """The origins from which a publishable key may be used from now on."""
    from app.models.stores import ApiKey
    from app.services import stores

    allowed = _origins(origins)

    def work(session: Session) -> Fields:
        key = session.get(ApiKey, key_id)
        if key is None:
            raise click.ClickException(f"no key {key_id}")
        if key.kind != "publishable":
            raise click.ClickException(f"{key_id} is a secret key: it belongs in no web page")
        stores.set_origins(session, key, allowed)
        return {"id": key.id, "origins": allowed}

    return with_database(work)


def _origins(given: tuple[str, ...]) -> list[str]:
    from app.services.origins import normalized

    try:
        return sorted({normalized(origin) for origin in given})
    except ValueError as error:
        raise click.ClickException(str(error)) from error


# ---- signing keys -----------------------------------------------------------------------------------------------


def add_signing_key(store_id: str, name: str, *, live: bool, algorithm: str, material: Path | None) -> Fields:
    """A key with which a storefront signs JWTs; a secret that was made here is shown this once."""
    from app.services import storefront_jwts

    given = None if material is None else material.read_text(encoding="utf-8").strip()

    def work(session: Session) -> Fields:
        store = known_store(session, store_id)
        try:
            key, made = storefront_jwts.add_key(
                session, store, name=name, livemode=live, algorithm=algorithm, material=given
            )
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        shown = _view(key)
        return shown if made is None else {**shown, "secret": made}

    return with_database(work)


def list_signing_keys(store_id: str) -> list[Fields]:
    """A store's signing keys without their secrets."""
    from sqlalchemy import select

    from app.models.storefronts import SigningKey

    def work(session: Session) -> list[Fields]:
        query = select(SigningKey).where(SigningKey.store_id == store_id).order_by(SigningKey.id)
        return [_view(row) for row in session.scalars(query)]

    return with_database(work)


def revoke_signing_key(key_id: str) -> Fields:
    """Revoke a signing key."""
    from app.models.storefronts import SigningKey
    from app.services import storefront_jwts

    def work(session: Session) -> Fields:
        key = session.get(SigningKey, key_id)
        if key is None:
            raise click.ClickException(f"no signing key {key_id}")
        storefront_jwts.revoke_key(session, key)
        return {"id": key.id, "revoked": True}

    return with_database(work)


def _view(key: Any) -> Fields:
    plain = {name: getattr(key, name) for name in ("id", "name", "algorithm", "livemode")}
    revoked = key.revoked_at
    return {
        **plain,
        "audience": key.store_id,
        "created_at": key.created_at.isoformat(),
        "revoked_at": None if revoked is None else revoked.isoformat(),
    }
