"""What a stranger sent, read in a process of its own and written anew: `python -m app.services.file_press`.

Readers of pictures and PDFs are large native programs. Here they have a memory, a processor time and a process of
their own: a bomb or a crash ends this process and nothing else. The bytes come on standard input, the new ones go to
standard output behind one line of JSON: `{"type", "width", "height"}`, or `{"refused", "detail"}` alone.

What is written is made from the pixels, or from what the pages draw: EXIF, places, profiles, comments, scripts, forms,
attachments and whatever stood before or behind the picture is not carried over.
"""

from __future__ import annotations

import ctypes
import importlib
import io
import json
import re
import resource
import sys
import warnings
from collections.abc import Callable
from typing import Any

JPEG, PNG, WEBP, GIF, PDF = "image/jpeg", "image/png", "image/webp", "image/gif", "application/pdf"
FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP", GIF: "GIF"}
MAX_PIXELS = 50_000_000
"""Of one picture as it comes: what today's phones make at most."""
MAX_SIDE = 4096
"""Of one picture as it is kept; larger ones are made smaller."""
MAX_PAGES = 50
PAGE_SIDE = 1800
"""Pixels of a page at most, where it is kept as a picture."""
MEMORY = 1 << 30
SECONDS = 20
QUALITY = 90
NOT_ALLOWED, UNREADABLE, TOO_LARGE = "file_type_not_allowed", "file_unreadable", "image_too_large"


class RefusedFile(Exception):
    """The file is not taken: a stable code and a sentence for the caller."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


def type_of(content: bytes) -> str | None:
    """The media type that the first bytes tell; None where it is none that is taken."""
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return WEBP
    return PDF if content.startswith(b"%PDF-") else None


def press(content: bytes) -> tuple[str, int | None, int | None, bytes]:
    """Type, width and height in pixels (None for a PDF) and the new bytes; raises `RefusedFile`."""
    kind = type_of(content)
    if kind is None:
        heic = content[4:8] == b"ftyp" and content[8:12] in {b"heic", b"heix", b"hevc", b"mif1", b"msf1"}
        raise RefusedFile(NOT_ALLOWED, "HEIC is not taken: send the photo as JPEG." if heic else "")
    if kind == PDF:
        return kind, None, None, _pages(content)
    return _picture(kind, content)


# ---- pictures -----------------------------------------------------------------------------------------------------


def _picture(kind: str, content: bytes) -> tuple[str, int, int, bytes]:
    from PIL import Image

    warnings.simplefilter("error", Image.DecompressionBombWarning)
    out = io.BytesIO()
    try:
        clean = _plain(kind, _seen(kind, content))
        clean.save(out, FORMATS[kind], **({"quality": QUALITY} if kind in {JPEG, WEBP} else {}))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise RefusedFile(TOO_LARGE, "") from error
    except RefusedFile:
        raise
    except Exception as error:  # whatever a reader raises at bytes that are broken on purpose
        raise RefusedFile(UNREADABLE, "") from error
    return kind, clean.width, clean.height, out.getvalue()


def _seen(kind: str, content: bytes) -> Any:
    """The picture as it was held, no larger than it is kept; of an animation the first frame."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content), formats=[FORMATS[kind]]) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise RefusedFile(TOO_LARGE, "")
        picture.draft(None, (MAX_SIDE, MAX_SIDE))  # a JPEG is then read at a half or a quarter of its size
        picture.thumbnail((MAX_SIDE, MAX_SIDE))
        try:
            return ImageOps.exif_transpose(picture)
        except Exception:  # what it tells of how it was held cannot be read: it stays as it is
            return picture.copy()


def _plain(kind: str, picture: Any) -> Any:
    """The pixels alone, in a mode that the format has; writers take comments and profiles from `info`."""
    seen_through = "A" in picture.getbands() or "transparency" in picture.info
    grey = picture.mode in {"1", "L"} and not seen_through
    mode = "L" if grey else "RGB" if kind == JPEG or not seen_through else "RGBA"
    if picture.mode.startswith("I;16"):  # 16 bits of grey: cut to 8, as converting would clip
        picture = picture.convert("I").point([value >> 8 for value in range(65536)], "L")
        mode = "L"
    clean = picture if picture.mode == mode else picture.convert(mode)
    clean.info = {}
    return clean


# ---- pages --------------------------------------------------------------------------------------------------------


def _pages(content: bytes) -> bytes:
    """What each page draws, on pages of a new document; forms and remarks are drawn as they look."""
    pypdfium2: Any = importlib.import_module("pypdfium2")  # it tells no types
    try:
        old = pypdfium2.PdfDocument(content)
        count = len(old)
    except pypdfium2.PdfiumError as error:
        raise RefusedFile(UNREADABLE, "") from error
    if not 0 < count <= MAX_PAGES:
        raise RefusedFile(UNREADABLE, f"A PDF may have 1 to {MAX_PAGES} pages.")
    try:
        if old.get_formtype():
            old.init_forms()
        drawn = _anew(old, _draw)
        if _WRAPPED.search(drawn):
            drawn = _anew(old, _photograph)
    except (pypdfium2.PdfiumError, MemoryError) as error:
        raise RefusedFile(UNREADABLE, "") from error
    return _silenced(drawn)


def _anew(old: Any, draw: Callable[[Any, int, Any], None]) -> bytes:
    """A new document with what `draw` makes of each page."""
    new = importlib.import_module("pypdfium2").PdfDocument.new()
    for number in range(len(old)):
        draw(old, number, new)
    out = io.BytesIO()
    new.save(out)
    return out.getvalue()


def _photograph(old: Any, number: int, new: Any) -> None:
    """One page as a picture of it."""
    pypdfium2: Any = importlib.import_module("pypdfium2")
    page = old[number]
    width, height = page.get_size()
    shown = page.render(scale=min(2.0, PAGE_SIDE / max(width, height, 1.0))).to_pil().convert("RGB")
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=QUALITY)
    picture = pypdfium2.PdfImage.new(new)
    picture.load_jpeg(out, inline=True)
    picture.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
    fresh = new.new_page(width, height)
    fresh.insert_obj(picture)
    fresh.gen_content()


_WRAPPED = re.compile(rb"/JPXDecode|/Filter\s*\[\s*/(?!DCTDecode)[^\]]*/DCTDecode")
"""A photo in a second encoding, or as JPEG 2000: what stands in it besides is out of our sight."""
_PHOTO, _BEGINS = re.compile(rb"stream\r?\n(?=\xff\xd8\xff)"), re.compile(rb"\xff\xd8\xff")
"""A JPEG in a page; phones put a second one behind the first."""
_METADATA = re.compile(rb"/Type\s*/Metadata\b[^>]*>>\s*stream\r?\n(.*?)(?=\r?\nendstream|endstream)", re.DOTALL)
_SCAN, _ADOBE, _COMMENT = 0xDA, 0xEE, 0xFE


def _silenced(pdf: bytes) -> bytes:
    """The same document, in whose photos nothing is told beside what they show; every byte stays in its place.

    Photos within a page are carried over as they came: their EXIF with its places and the camera, and what a picture's
    own metadata tells, are written over.
    """
    quiet = bytearray(pdf)
    for photo in _PHOTO.finditer(pdf):
        for begins in _BEGINS.finditer(pdf, photo.end(), pdf.find(b"endstream", photo.end())):
            _silence_head(quiet, begins.start())
    for told in _METADATA.finditer(pdf):
        _blank(quiet, *told.span(1), b" ")
    return bytes(quiet)


def _silence_head(quiet: bytearray, at: int) -> None:
    """Segments of a JPEG up to its pixels: of those of programs the one by Adobe tells how its colours are meant."""
    at += 2
    while at + 4 <= len(quiet) and quiet[at] == 0xFF and quiet[at + 1] != _SCAN:
        kind, size = quiet[at + 1], int.from_bytes(quiet[at + 2 : at + 4])
        if (0xE1 <= kind <= 0xEF and kind != _ADOBE) or kind == _COMMENT:
            _blank(quiet, at + 4, at + 2 + size)
        at += 2 + size


def _blank(quiet: bytearray, first: int, behind: int, by: bytes = b"\0") -> None:
    behind = min(behind, len(quiet))
    quiet[first:behind] = by * max(0, behind - first)


def _draw(old: Any, number: int, new: Any) -> None:
    """One page as one drawing; the box that is seen and how it is turned stay."""
    raw: Any = importlib.import_module("pypdfium2.raw")
    page = old[number]
    raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
    fresh = new.new_page(*page.get_size())
    fresh.insert_obj(old.page_as_xobject(number, new).as_pageobject())
    fresh.gen_content()


# ---- the process --------------------------------------------------------------------------------------------------


def _bounded() -> None:
    """No more memory, processor time and files than one picture needs; no descendants that outlive it."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL: it ends with whoever started it


def main() -> None:
    """Read, press, write."""
    _bounded()
    try:
        kind, width, height, content = press(sys.stdin.buffer.read())
        told: dict[str, Any] = {"type": kind, "width": width, "height": height}
    except RefusedFile as refused:
        told, content = {"refused": refused.code, "detail": refused.detail}, b""
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + content)


if __name__ == "__main__":
    main()
