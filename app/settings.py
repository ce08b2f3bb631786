"""Every setting, in one place; each is the environment variable `AFTERSALE_` plus its name in capitals."""

import base64
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

REPLAYED_DAYS = 30
"""For so long an event can be told again."""
RATE = re.compile(r"[1-9]\d{0,8}\s*/\s*([1-9]\d{0,4}\s*)?(second|minute|hour|day)s?")
_ANYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104  compared, not bound
_PLACEHOLDERS = {"changeme", "change-me", "secret", "password", "placeholder", "xxx", "todo"}


class Settings(BaseSettings):
    """Typed settings; a placeholder where a secret belongs is refused at start."""

    model_config = SettingsConfigDict(env_prefix="AFTERSALE_", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the API listens on.")
    data_dir: Path = Field(Path(".aftersale"), description="Where the embedded databases and the demo key live.")
    database_url: str = Field(
        "", description="`sqlite:///path` or `postgresql://…`; empty: SQLite in the data directory."
    )
    database_pool: int = Field(
        0,
        ge=0,
        le=200,
        description="PostgreSQL connections per process, and as many again for the hot paths when they are wanted; "
        "0: twice the cores.",
    )
    sandbox_host: str = Field("127.0.0.1", description="Address the sandbox listens on.")
    sandbox_port: int = Field(8001, ge=0, le=65535, description="Port the sandbox listens on.")
    sandbox_url: str = Field(
        "",
        validate_default=True,
        description="Where the sandbox (shop, carrier, payments) answers; empty: its port on this machine.",
    )
    log_level: str = Field("info", description="debug, info, warning or error.")
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest accepted request body.")
    body_seconds: float = Field(20.0, gt=0, description="How long a client may take to send its body.")
    file_dir: str = Field(
        "",
        description="Folder of uploaded files, for replicas a shared one; empty: `files` in the data directory on "
        "SQLite, the database itself on PostgreSQL.",
    )
    file_bytes: int = Field(10_485_760, ge=1024, le=104_857_600, description="Largest accepted file.")
    file_seconds: float = Field(120.0, gt=0, description="How long a client may take to send a file.")
    file_quota_bytes: int = Field(
        10_737_418_240, ge=0, description="Bytes of files that a store may keep, test and live each."
    )
    files_per_hour: int = Field(100, ge=1, description="Files that one shopper may send in an hour.")
    rate_limit: str = Field("12000/minute", description="Requests per key; `limits` notation, empty for none.")
    session_rate_limit: str = Field(
        "30/minute",
        description="Shopper sessions started and codes tried per publishable key and address; empty for none.",
    )
    rate_limit_storage: SecretStr = Field(
        SecretStr("memory://"), description="`memory://` or `redis://…` for replicas."
    )
    call_seconds: float = Field(10.0, gt=0, le=60, description="Deadline of one call to a provider.")
    retry_seconds: Annotated[tuple[float, ...], NoDecode] = Field(
        (2, 10, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200, 86400),
        description="Waits between tries of an operation, comma separated; after the last it is dead-lettered.",
    )
    recheck_seconds: Annotated[tuple[float, ...], NoDecode] = Field(
        (3600, 86400, 259200, 604800, 1209600),
        description="When a paid refund is looked up again (a bank may send it back), after the success.",
    )
    webhook_poll_seconds: float = Field(
        0.2, ge=0, le=60, description="How often workers look for webhooks to be sent; 0: this process sends none."
    )
    webhook_retry_seconds: Annotated[tuple[float, ...], NoDecode] = Field(
        (5, 30, 120, 600, 1800, 3600, 10800, 21600, 43200, 86400, 176400),
        description="Waits between tries of a webhook, each a tenth longer or shorter; after the last it is dead.",
    )
    mirror_seconds: float = Field(
        30.0, ge=0, description="How old the mirror of an order may be before it is refreshed."
    )
    tracking_seconds: float = Field(
        300.0, ge=0, description="How old a carrier's answer may be before an order that is read asks it again."
    )
    parcel_watch_seconds: float = Field(
        20.0, ge=0, description="How often the watch looks for parcels that may be late; 0: this process does not."
    )
    nightly_seconds: float = Field(
        60.0,
        ge=0,
        description="How often it is looked whose night has come (03:00 of a store), to hold our copy of its orders "
        "against the shop; 0: this process does not.",
    )
    workers_poll_seconds: float = Field(0.2, gt=0, le=5, description="How often the engine looks for work.")
    worker_concurrency: int = Field(20, ge=1, le=500, description="Operations that one worker runs at once.")
    drain_seconds: float = Field(
        0.0,
        ge=0,
        le=600,
        description="How long a stopping process still serves while `/readyz` is 503, so that a balancer turns away.",
    )
    shutdown_seconds: float = Field(10.0, ge=0, description="How long a stopping process lets running work finish.")
    encryption_keys: SecretStr = Field(
        SecretStr(""),
        description="What connections' credentials are encrypted with: 32 random bytes in base64, several separated by "
        "commas, the newest first. Empty: on SQLite a key in the data directory, on PostgreSQL no connections.",
    )
    loopback_addresses: bool = Field(
        default=False,
        description="For tests alone: addresses that users give may be http://127.0.0.1 and http://[::1].",
    )
    inbound_days: int = Field(
        90, ge=1, le=3650, description="How long what connected systems sent is kept, and told from a copy of it."
    )
    event_days: int = Field(
        0,
        ge=0,
        le=3650,
        description="How long events are kept; 0: for ever. Less than 30 is not taken: for so long "
        "webhooks can be sent again.",
    )
    ticket_days: int = Field(
        0,
        ge=0,
        le=3650,
        description="How long the texts and files of closed tickets are kept after their last change; 0: for ever. "
        "Less than 30 is not taken.",
    )
    metrics_token: SecretStr | None = Field(None, description="When set, /metrics wants it as a bearer token.")

    traces_url: str = Field(
        "",
        description="Where traces are sent (OTLP over HTTP, `http://collector:4318/v1/traces`); empty: none. "
        "Needs `pip install aftersale[otel]`.",
    )
    traces_ratio: float = Field(1.0, ge=0, le=1, description="Which part of the traces that begin here is sent.")

    @field_validator("retry_seconds", "recheck_seconds", "webhook_retry_seconds", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(float(part) for part in value.split(",") if part.strip())
        return value

    @field_validator("event_days", "ticket_days")
    @classmethod
    def _replayable(cls, value: int) -> int:
        if 0 < value < REPLAYED_DAYS:
            raise ValueError(f"0, or at least {REPLAYED_DAYS}: for so long webhooks can be sent again")
        return value

    @field_validator("sandbox_url")
    @classmethod
    def _sandbox(cls, value: str, info: ValidationInfo) -> str:
        if not value:
            host = info.data.get("sandbox_host", "")
            return f"http://{'127.0.0.1' if host in _ANYWHERE else host}:{info.data.get('sandbox_port')}"
        if not value.startswith(("http://", "https://")):
            raise ValueError("http://host:port")
        return value.rstrip("/")

    @field_validator("traces_url")
    @classmethod
    def _collector(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("http://collector:4318/v1/traces")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.lower() not in {"debug", "info", "warning", "error"}:
            raise ValueError("debug, info, warning or error")
        return value.lower()

    @field_validator("rate_limit", "session_rate_limit")
    @classmethod
    def _known_rate(cls, value: str) -> str:
        if value and RATE.fullmatch(value) is None:
            raise ValueError("12000/minute: a number per second, minute, hour or day")
        return value

    @field_validator("metrics_token", "rate_limit_storage")
    @classmethod
    def _no_placeholder(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and value.get_secret_value().strip("<>").lower() in _PLACEHOLDERS:
            raise ValueError("a placeholder stands where a secret belongs")
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _whole_keys(cls, value: SecretStr) -> SecretStr:
        for part in filter(None, (part.strip() for part in value.get_secret_value().split(","))):
            try:
                key = base64.b64decode(part, altchars=b"-_" if "-" in part or "_" in part else None, validate=True)
            except ValueError:
                key = b""
            if len(key) != 32 or len(set(key)) < 8:
                raise ValueError("32 random bytes in base64 each: openssl rand -base64 32")
        return value

    @field_validator("rate_limit_storage")
    @classmethod
    def _known_storage(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("memory://", "redis://", "rediss://")):
            raise ValueError("memory:// or redis://:password@host:port/number")
        if ":changeme@" in value.get_secret_value() or ":<" in value.get_secret_value():
            raise ValueError("a placeholder stands where a secret belongs")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError("sqlite:///path or postgresql://user:password@host/database")
        if ":changeme@" in value or ":<" in value:
            raise ValueError("a placeholder stands where the database password belongs")
        return value.replace("postgres://", "postgresql://", 1)

    @cached_property
    def database(self) -> str:
        """The database's address, the embedded default filled in."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'aftersale.db').absolute()}"

    @cached_property
    def files(self) -> Path | None:
        """The folder of uploaded files; None: they stand in the database."""
        if self.file_dir:
            return Path(self.file_dir).absolute()
        return (self.data_dir / "files").absolute() if self.embedded else None

    @property
    def embedded(self) -> bool:
        """Whether the database is a SQLite file, so that this process runs the engine too."""
        return self.database.startswith("sqlite")

    @property
    def pool_size(self) -> int:
        """PostgreSQL connections of this process."""
        return self.database_pool or 2 * (os.cpu_count() or 2)
