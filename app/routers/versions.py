"""Versions: a write with `If-Match` is done only where the caller has seen the present one (RFC 9110, 13.1.1)."""

from typing import Annotated

from fastapi import Header

from app.errors import InvalidHeader

PATTERN = r'^(\*|(W/)?"?[0-9]{1,9}"?)$'
Version = Annotated[  # told, and not checked by FastAPI: its refusal would be 422
    str | None, Header(description="The `version` that you have seen.", json_schema_extra={"pattern": PATTERN})
]


def version_in(if_match: str | None, of: str) -> int | None:
    """A version number, bare or quoted as an entity tag; `*` matches any. `of`: whose version it is."""
    if if_match is None or if_match.strip() == "*":
        return None
    bare = if_match.strip().removeprefix("W/").strip('"')
    if not (bare.isascii() and bare.isdigit() and len(bare) <= 9):
        raise InvalidHeader(f"If-Match is the {of}'s version.")
    return int(bare)
