"""A label's file as UPS sends it: decoded, proved to be an image or a PDF, and brought into the form that was asked."""

from __future__ import annotations

import base64
import io

from app.integrations.carriers.contract import LabelFormat
from app.integrations.errors import OutcomeUnknown

MAX_FILE = 4 << 20
MAX_PIXELS = 20_000_000
"""A label of 4 by 6 inches at 203 dots an inch has a million."""
DOTS = 203.0
PDF, PDF_END = b"%PDF-", b"%%EOF"


def is_label(text: str) -> bool:
    """Whether it is an image or a PDF in base64."""
    try:
        return _kind(_decoded(text)) is not None
    except OutcomeUnknown:
        return False


def as_file(text: str, wanted: LabelFormat) -> bytes:
    """The label in the form that is wanted; raises OutcomeUnknown where it is no label."""
    content = _decoded(text)
    kind = _kind(content)
    if kind is None:
        raise OutcomeUnknown("the label's file is neither an image nor a PDF")
    if kind == "pdf":
        if wanted != "pdf":
            raise OutcomeUnknown("UPS has the label as a PDF alone")
        return content
    from PIL import Image

    with Image.open(io.BytesIO(content), formats=("GIF", "PNG")) as image:
        out = io.BytesIO()
        flat = image.convert("RGB")
        if wanted == "pdf":
            flat.save(out, "PDF", resolution=DOTS)
        else:
            flat.save(out, "PNG")
    return out.getvalue()


def _decoded(text: str) -> bytes:
    if len(text) > MAX_FILE * 4 // 3 + 4:
        raise OutcomeUnknown("the label's file is too large")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise OutcomeUnknown("the label's file cannot be decoded") from error


def _kind(content: bytes) -> str | None:
    """`image` or `pdf`, where it is one through and through; None where it only begins like one."""
    if content.startswith(PDF):
        return "pdf" if PDF_END in content[-1024:] else None
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=("GIF", "PNG")) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            image.load()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        return None
    return "image"
