"""File names as strangers send them, made fit for every disk, every header and every eye."""

from __future__ import annotations

import re
from unicodedata import category, normalize

EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "application/pdf": "pdf",
}
KNOWN = re.compile(r"\.(?:jpe?g|jfif|png|webp|gif|pdf|heic|heif)$", re.IGNORECASE)
RESERVED = re.compile(r"^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
LONGEST = 100
"""Characters, without the extension."""
LONGEST_BYTES = 200
"""The same in UTF-8: disks take 255."""
READ = 2000
"""More of a name is not looked at."""


def visible(name: str) -> str:
    """The last part of a path, without what nobody sees: controls, marks of direction, halves of characters."""
    last = re.split(r"[/\\]", name[:READ])[-1]
    seen = "".join(mark for mark in normalize("NFC", last) if category(mark) not in HIDDEN)
    return re.sub(r"\s+", " ", seen).strip(" .")


def safe(name: str, media_type: str) -> str:
    """`visible` text as the name of a file of this type: bounded, harmless on Windows too, its extension the right one.

    Idempotent. What is left of nothing is `file`.
    """
    stem = re.sub(r'[<>:"|?*%;]', "_", KNOWN.sub("", name)).strip(" .")[:LONGEST]
    stem = stem.encode()[:LONGEST_BYTES].decode(errors="ignore").strip(" .") or "file"
    if RESERVED.match(stem):
        stem = f"_{stem}"
    return f"{stem}.{EXTENSIONS[media_type]}"
