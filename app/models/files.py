"""Files that shoppers and stores send: what is known of each, where its bytes are, and what it hangs on."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app import clock
from app.database import Base, Id
from app.models.ownership import Eventful, Owned


class Blob(Base):
    """Bytes by their hash, once per store; who adds or removes them holds this row, whatever place they are in."""

    __tablename__ = "file_blobs"
    __table_args__ = (
        Index(
            "ix_file_blobs_dropped",
            "dropped_at",
            sqlite_where=text("dropped_at IS NOT NULL"),
            postgresql_where=text("dropped_at IS NOT NULL"),
        ),
    )

    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the bytes, in hex."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    """The bytes themselves; empty where they are in the folder."""
    dropped_at: Mapped[datetime | None]
    """When a file that had them went: they may be nobody's."""


class File(Owned, Eventful, Base):
    """One file that was sent, as it is kept: written anew, named safely."""

    __tablename__ = "files"
    __table_args__ = (
        ForeignKeyConstraint(
            ["store_id", "digest"], ["file_blobs.store_id", "file_blobs.digest"], name="fk_files_store_id_digest"
        ),
        Index("ix_files_customer", "customer_id", "created_at"),
        Index("ix_files_digest", "store_id", "digest"),
        Index(
            "ix_files_loose",
            "created_at",
            sqlite_where=text("linked_at IS NULL"),
            postgresql_where=text("linked_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[str | None] = mapped_column(Id, ForeignKey("customers.id"))
    """Whose it is; empty until what the store sent hangs on something of a customer's."""
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    digest: Mapped[str]
    purpose: Mapped[str | None]
    linked_at: Mapped[datetime | None]
    """When it was first hung on something; what nobody wants for a day is deleted."""
    answer_shopper: Mapped[str]
    """With `answer_key`, whose answer goes when the file does."""
    answer_key: Mapped[str | None]


class FileLink(Base):
    """What a file hangs on."""

    __tablename__ = "file_links"
    __table_args__ = (Index("ix_file_links_resource", "resource_id"),)

    file_id: Mapped[str] = mapped_column(Id, ForeignKey("files.id"), primary_key=True)
    resource_id: Mapped[str] = mapped_column(Id, primary_key=True)
    resource_type: Mapped[str]
    """return claim message"""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class FileUsage(Base):
    """How many bytes a store keeps; raised and checked in one statement."""

    __tablename__ = "file_usage"

    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
