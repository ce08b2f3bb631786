"""What the doctor looks at outside of the database: settings, data directory, disk, provider, clocks."""

from __future__ import annotations

import difflib
import importlib.util
import os
import shutil
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

from app import clock
from app.commands.findings import Finding, bad, duration, ok, warn
from app.settings import Settings

SETTINGS = "settings"
PREFIX = "AFTERSALE_"
NO_SETTINGS = (f"{PREFIX}TEST_", f"{PREFIX}SPECS")
"""What the tests and tools of this project read from the environment beside the settings."""
MEGABYTE = 1 << 20
FULL, TIGHT = 256 * MEGABYTE, 1024 * MEGABYTE
SKEW_SEEN, SKEW_WRONG = 5.0, 60.0
"""Seconds between our clock and another's; a `Date` header has whole seconds."""
LOOPBACK = ("127.", "localhost", "::1")


def settings_that_make_no_sense(found: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Each setting that is allowed and cannot be meant; one good finding where there is none."""
    database = "postgresql://…@" + found.database.rpartition("@")[2] if "@" in found.database else found.database
    said = [*_unknown(environment), *_senseless(found)]
    return said or [ok(SETTINGS, f"database {database}")]


def _unknown(environment: Mapping[str, str]) -> Iterator[Finding]:
    known = [f"{PREFIX}{field.upper()}" for field in Settings.model_fields]
    for variable in sorted(environment):
        if variable.startswith(PREFIX) and variable not in known and not variable.startswith(NO_SETTINGS):
            near = difflib.get_close_matches(variable, known, 1)
            hint = f": {near[0]}?" if near else ""
            yield warn(SETTINGS, f"{variable} is no setting and changes nothing{hint}")


def _senseless(found: Settings) -> Iterator[Finding]:
    waits = found.retry_seconds
    if not waits:
        yield bad(SETTINGS, "RETRY_SECONDS is empty: whatever fails once waits for a person")
    elif sum(waits) < 3600:
        yield warn(SETTINGS, f"RETRY_SECONDS gives up after {duration(sum(waits))}: a provider may be away for longer")
    if list(waits) != sorted(waits):
        yield warn(SETTINGS, "RETRY_SECONDS does not grow: a provider that is away is asked more and more often")
    if not found.recheck_seconds:
        yield warn(SETTINGS, "RECHECK_SECONDS is empty: a refund that a bank sends back is not noticed")
    if found.shutdown_seconds < found.call_seconds:
        yield warn(SETTINGS, "SHUTDOWN_SECONDS is less than CALL_SECONDS: a stop cuts calls to providers off")
    if found.mirror_seconds > 3600:
        yield warn(SETTINGS, f"MIRROR_SECONDS: orders are told as they were {duration(found.mirror_seconds)} ago")
    if found.loopback_addresses:
        yield bad(SETTINGS, "LOOPBACK_ADDRESSES is for tests: whoever may name an address reaches this machine")
    if not found.embedded and not found.encryption_keys.get_secret_value():
        yield warn(SETTINGS, "ENCRYPTION_KEYS is empty: no connection can be made")
    if not found.host.startswith(LOOPBACK):
        if found.metrics_token is None:
            yield warn(
                SETTINGS, f"METRICS_TOKEN is empty and the API listens on {found.host}: anybody may read /metrics"
            )
        if not found.rate_limit:
            yield warn(SETTINGS, f"RATE_LIMIT is empty and the API listens on {found.host}")
    there = urlsplit(found.sandbox_url)
    if there.port == found.port and (there.hostname or "").startswith(LOOPBACK):
        yield bad(SETTINGS, f"SANDBOX_URL is the API's own address, port {found.port}")
    if found.traces_url and importlib.util.find_spec("opentelemetry.sdk") is None:
        yield bad(SETTINGS, "TRACES_URL wants `pip install aftersale[otel]`: no process starts")


def data_directory(found: Settings) -> list[Finding]:
    """Whether it is there, ours, writable, for nobody else to read, and whether there is room on its disk."""
    folder = _folder(found)
    if not folder.exists():
        return [ok("data directory", f"{folder} is made at the first start"), *_room(_first_there(folder), 0)]
    size = sum(file.stat().st_size for file in folder.glob("*.db*") if file.is_file())
    return [*_permissions(folder), *_room(folder, size)]


def _folder(found: Settings) -> Path:
    return Path(found.database.removeprefix("sqlite:///")).parent if found.embedded else found.data_dir.absolute()


def _first_there(folder: Path) -> Path:
    return next(parent for parent in folder.absolute().parents if parent.exists())


def _permissions(folder: Path) -> list[Finding]:
    name = "data directory"
    if not folder.is_dir():
        return [bad(name, f"{folder} is no directory")]
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return [bad(name, f"{folder} cannot be written by this user")]
    locked = [file.name for file in folder.glob("*.db*") if not os.access(file, os.R_OK | os.W_OK)]
    if locked:
        return [bad(name, f"{folder}: {', '.join(sorted(locked))} cannot be written by this user")]
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        return [bad(name, f"{folder} has mode {mode:04o}: other users may read shoppers' data; chmod 700 {folder}")]
    return [ok(name, f"{folder}, for its owner alone")]


def _room(folder: Path, size: int) -> list[Finding]:
    return [room(folder, shutil.disk_usage(folder).free, size)]


def room(folder: Path, free: int, size: int) -> Finding:
    """Whether `free` bytes are enough beside databases of `size`."""
    words = f"{free // MEGABYTE} MB free at {folder}"
    if free < FULL:
        return bad("disk", f"{words}: a full disk stops every write")
    if free < max(TIGHT, 2 * size):
        return warn("disk", f"{words}: a backup needs as much as the databases, {size // MEGABYTE} MB")
    return ok("disk", words)


def connections(pool: int, most: int) -> list[Finding]:
    """Whether a database that allows `most` connections has room for pools of this size; nothing where it has."""
    words = f"DATABASE_POOL is {pool} per process, and the database allows {most} in all"
    if pool >= most:
        return [bad("connections", words)]
    return [warn("connections", f"{words}: two processes are too many")] if pool > most // 2 else []


def provider(found: Settings) -> list[Finding]:
    """Whether the sandbox answers, and whether its clock and ours agree."""
    up, theirs = _asked(found.sandbox_url)
    if not up:
        return [bad("sandbox", f"{found.sandbox_url} does not answer")]
    findings = [ok("sandbox", f"{found.sandbox_url} answers")]
    if theirs is not None:
        findings += skew("sandbox", theirs)
    return findings


def skew(whose: str, theirs: datetime) -> list[Finding]:
    """How far `theirs` is from our clock: leases, windows and labels go by it."""
    apart = abs((theirs - clock.now()).total_seconds())
    words = f"{duration(apart)} apart from the clock of the {whose}"
    if apart > SKEW_WRONG:
        return [bad("clock", f"{words}: set one of them right")]
    if apart > SKEW_SEEN:
        return [warn("clock", words)]
    return [ok("clock", f"agrees with the {whose}")]


def _asked(url: str) -> tuple[bool, datetime | None]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/healthz", timeout=2) as answer:
            told = answer.headers.get("Date")
            return answer.status == 200, None if told is None else parsedate_to_datetime(told)
    except (urllib.error.URLError, OSError, ValueError):
        return False, None
