"""`aftersale connections …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.commands.means import settings, with_database

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def rotate_keys() -> dict[str, Any]:
    """Seal what older keys have sealed with the newest, piece by piece beside a server that may be running."""
    from app.services import connections, keyrings, webhook_endpoints

    keyring = keyrings.of(settings())
    if not keyring.keys:
        raise click.ClickException("AFTERSALE_ENCRYPTION_KEYS is empty: there is nothing to seal with")

    def work(session: Session, so_far: connections.SealedAnew) -> connections.SealedAnew:
        session.info["keyring"] = keyring
        return connections.seal_anew(session, so_far)

    def endpoints(session: Session, after: str) -> tuple[str | None, int, list[str]]:
        session.info["keyring"] = keyring
        return webhook_endpoints.seal_anew(session, after)

    so_far = connections.SealedAnew()
    while so_far.after is not None:
        so_far = with_database(work, so_far)
    done, unreadable, after = so_far.done, list(so_far.unreadable), ""
    while after is not None:
        after, sealed, lost = with_database(endpoints, after)
        done, unreadable = done + sealed, unreadable + lost
    return {"sealed": done, "unreadable": unreadable, "key": keyring.newest}
