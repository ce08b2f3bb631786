"""Typed, time-ordered identifiers (typeid): `rfd_01h…`, sortable by the moment they were made."""

import re

from typeid import TypeID

_SUFFIX = re.compile(r"[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}")


def new(prefix: str) -> str:
    """A fresh id; within one process each is greater than the one before."""
    return str(TypeID(prefix=prefix))


def is_id(text: str, prefix: str) -> bool:
    """Whether `text` is well formed for `prefix`; says nothing of whether it exists."""
    head, separator, suffix = text.rpartition("_")
    return bool(separator) and head == prefix and _SUFFIX.fullmatch(suffix) is not None
