"""Typed, time-ordered identifiers (typeid): `rfd_01h…`, sortable by the moment they were made."""

import re
from datetime import datetime

from typeid import TypeID

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_SUFFIX = re.compile(r"[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}")


def new(prefix: str) -> str:
    """A fresh id; within one process each is greater than the one before."""
    return str(TypeID(prefix=prefix))


def least(prefix: str, moment: datetime) -> str:
    """Below every id made in that millisecond or later, above every one made before."""
    milliseconds = min(max(0, int(moment.timestamp() * 1000)), 2**48 - 1)
    bits = milliseconds << 80
    return f"{prefix}_" + "".join(_DIGITS[bits >> 5 * at & 31] for at in range(25, -1, -1))


def is_id(text: str, prefix: str) -> bool:
    """Whether `text` is well formed for `prefix`; says nothing of whether it exists."""
    head, separator, suffix = text.rpartition("_")
    return bool(separator) and head == prefix and _SUFFIX.fullmatch(suffix) is not None
