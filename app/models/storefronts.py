"""Who calls from a storefront: the origins of publishable keys, the keys that sign for a shop, shoppers' sessions."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

ALGORITHMS = ("HS256", "ES256")
MOVES: dict[str, frozenset[str]] = {
    "pending_verification": frozenset({"active", "locked"}),
    "active": frozenset(),  # it ends by the clock
    "locked": frozenset(),
}


class KeyOrigin(Base):
    """One origin from which a publishable key, and the sessions that it opens, may be used in a browser."""

    __tablename__ = "key_origins"
    __table_args__ = (Index("ix_key_origins_origin", "origin"),)

    key_id: Mapped[str] = mapped_column(Id, ForeignKey("api_keys.id"), primary_key=True)
    origin: Mapped[str] = mapped_column(primary_key=True)
    """As browsers send it: `https://shop.example`, lower case, no path."""


class SigningKey(Owned, Base):
    """What a storefront signs its JWTs with, so that it can vouch for who is signed in there."""

    __tablename__ = "signing_keys"
    __table_args__ = (Index("ix_signing_keys_store", "store_id", "livemode"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    """A JWT may name it as its `kid`."""
    name: Mapped[str]
    algorithm: Mapped[str]
    material: Mapped[str] = mapped_column(Text)
    """ES256: the public key as PEM. HS256: the shared secret itself, for without it nothing can be checked."""
    revoked_at: Mapped[datetime | None]


class UsedJwt(Base):
    """A JWT that named itself (`jti`) and has been used: it is good for one session."""

    __tablename__ = "used_jwts"
    __table_args__ = (Index("ix_used_jwts_expires_at", "expires_at"),)

    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the `jti`."""
    expires_at: Mapped[datetime]
    """From here on the JWT is refused for its age."""


class ShopperSession(Owned, Eventful, Base):
    """A shopper's session: asked for, then proved by a code, or vouched for at once by the store.

    What was claimed (`order_ref`, `contact_key`) is forgotten as soon as the order has been looked for. A claim that
    fits nothing leaves a row like any other, so that nobody can tell the two apart.
    """

    __tablename__ = "shopper_sessions"
    __table_args__ = (
        Index("ix_shopper_sessions_token", "token_hash", unique=True),
        Index("ix_shopper_sessions_order", "order_id", "created_at"),
        Index("ix_shopper_sessions_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    key_id: Mapped[str] = mapped_column(Id, ForeignKey("api_keys.id"))
    """The key that opened it: it alone may verify it, and what it is revoked with."""
    status: Mapped[str] = mapped_column(default="pending_verification")
    order_ref: Mapped[str | None]
    contact_kind: Mapped[str | None]
    contact_key: Mapped[str | None]
    order_id: Mapped[str | None] = mapped_column(Id, ForeignKey("orders.id"))
    """The order to whose contact the code went."""
    customer_id: Mapped[str | None] = mapped_column(Id, ForeignKey("customers.id"))
    code_hash: Mapped[str | None]
    tries: Mapped[int] = mapped_column(default=0)
    token_hash: Mapped[str | None]
    """SHA-256 of the token, which has 256 random bits of its own."""
    expires_at: Mapped[datetime]
    """When the code ends; once it is active, when the token does."""
    verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status not in MOVES[self.status]:
            raise IllegalMove(f"session {self.id}: {self.status} -> {status}")
        self.status = status
