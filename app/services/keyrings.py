"""Credentials at rest: sealed by AES-256-GCM for one row, so that a copy of them on another row opens nothing.

Several keys may be had at once: the newest seals, all of them open, so that a key is changed without a moment in which
something cannot be read: put the new one before the old, `aftersale connections rotate-keys`, take the old one away.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import orjson
from sqlalchemy.orm import Session

from app.errors import EncryptionKeyMissing
from app.settings import Settings

FILE = "encryption.key"
FORM = "v1"
NONCE = 12


class Unreadable(Exception):
    """It was sealed with a key that is not here, for another row, or was changed."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys, newest first; `str` of it tells none."""

    keys: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def newest(self) -> str:
        """The id of the key that seals; raises `encryption_key_missing` where there is none."""
        if not self.keys:
            raise EncryptionKeyMissing
        return _id(self.keys[0])

    @property
    def ids(self) -> list[str]:
        """The ids of all, newest first."""
        return [_id(key) for key in self.keys]

    def seal(self, value: dict[str, Any], bound: tuple[str, ...]) -> str:
        """`value` as text that only these keys, for the row that `bound` names, open."""
        name, nonce = self.newest, secrets.token_bytes(NONCE)
        sealed = _cipher(self.keys[0]).encrypt(nonce, orjson.dumps(value), _about(name, bound))
        return f"{FORM}.{name}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, text: str, bound: tuple[str, ...]) -> dict[str, Any]:
        """What was sealed; raises Unreadable."""
        form, _, rest = text.partition(".")
        name, _, content = rest.partition(".")
        key = next((key for key in self.keys if _id(key) == name), None)
        if form != FORM or key is None:
            raise Unreadable("sealed with a key that is not among AFTERSALE_ENCRYPTION_KEYS")
        from cryptography.exceptions import InvalidTag

        try:
            raw = base64.b64decode(content, validate=True)
            found: Any = orjson.loads(_cipher(key).decrypt(raw[:NONCE], raw[NONCE:], _about(name, bound)))
        except (InvalidTag, ValueError) as error:
            raise Unreadable("changed, or sealed for another row") from error
        return cast("dict[str, Any]", found)


def of(settings: Settings) -> Keyring:
    """The environment's keys; on SQLite, where it has none, the data directory's, which is made at first use."""
    given = [part.strip() for part in settings.encryption_keys.get_secret_value().split(",") if part.strip()]
    if given:
        return Keyring(tuple(base64.b64decode(part.replace("-", "+").replace("_", "/")) for part in given))
    if not settings.embedded:
        return Keyring()
    path = settings.data_dir / FILE
    with contextlib.suppress(OSError):
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(path)
    try:
        return Keyring((base64.b64decode(path.read_text(encoding="ascii").strip()),))
    except (OSError, ValueError):
        return Keyring()


def _make(path: Path) -> None:
    """A key of its own for the embedded default; whoever comes second finds the first's."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def in_session(session: Session) -> Keyring:
    """The process's keys, as they hang on every unit of work."""
    return session.info["keyring"]


def _id(key: bytes) -> str:
    return hashlib.sha256(b"aftersale key id" + key).hexdigest()[:12]


def _about(name: str, bound: tuple[str, ...]) -> bytes:
    return orjson.dumps([FORM, name, *bound])


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # heavy: loaded by whoever has connections

    return AESGCM(key)
