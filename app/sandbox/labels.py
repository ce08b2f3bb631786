"""Return labels of the sandbox carrier: 4 by 6 inch, as a PDF or as a PNG for a 203 dpi printer.

One layout in points (origin at the top left) is drawn by two pens, so that both formats show the same. Heavy modules
are imported when the first label is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, Literal

from app.sandbox import typefaces

WIDTH, HEIGHT = 288.0, 432.0
"""The page in points."""
DPI = 203
MARGIN = 13.0
SMALLEST = 5.0
"""Points that a person still reads."""
LONGEST = 400
"""Characters of one text that are looked at: more than any box holds."""
QUIET = 10
"""Modules of white that Code 128 wants on both sides."""


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one typeface, in the order in which they are seen; `y` is the base line."""

    x: float
    y: float
    size: float
    font: str
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A black rectangle."""

    x: float
    y: float
    width: float
    height: float


Mark = Run | Bar


def render(label: dict[str, Any], file_format: Literal["pdf", "png"]) -> bytes:
    """Draw the label; the same label always gives the same bytes.

    The tracking number is a Code 128 barcode and, where `label["qr"]` says so, a QR code. Long addresses wrap, then
    shrink; a character that no typeface has becomes `?` and a line on the label says so. Raises ValueError where the
    tracking number cannot be a barcode.
    """
    marks = list(_layout(label))
    return _pdf(marks, str(label.get("tracking_number"))) if file_format == "pdf" else _png(marks)


def _layout(label: Mapping[str, Any]) -> Iterator[Mark]:
    tracking = str(label["tracking_number"])
    if not tracking.isascii() or not tracking.isprintable() or not tracking:
        raise ValueError("a Code 128 barcode holds printable ASCII only")
    inner = WIDTH - 2 * MARGIN
    lines = _Lines()
    yield from lines.block(["SANDBOX CARRIER"], MARGIN, 12, 150, 20, 15, bold=True)
    yield from lines.block([_service(label)], 165, 13, WIDTH - MARGIN - 165, 20, 11, bold=True)
    yield Bar(MARGIN, 36, inner, 1.5)
    yield from lines.block(["FROM"], MARGIN, 40, 40, 10, 7, bold=True)
    yield from lines.address(label.get("sender"), 56, 40, inner - 43, 74, 9)
    yield Bar(MARGIN, 118, inner, 0.75)
    yield from lines.block(["RETURN TO"], MARGIN, 122, 40, 24, 8, bold=True)
    yield from lines.address(label.get("recipient"), 56, 122, inner - 43, 104, 12, bold=True)
    yield Bar(MARGIN, 230, inner, 1.5)
    aside = 78.0 if label.get("qr") else 0.0
    yield from lines.block([_rma(label)], MARGIN, 235, inner - aside, 22, 15, bold=True)
    yield from lines.block(_details(label), MARGIN, 258, inner - aside, 46, 8)
    if aside:
        yield from _qr(tracking, WIDTH - MARGIN - 68, 236, 68)
    yield Bar(MARGIN, 310, inner, 1.5)
    yield from _barcode(tracking, 318, 70)
    yield from lines.centred(tracking, 392, 12)
    note = "Some characters cannot be printed (?). " if lines.lost else ""
    yield from lines.block([f"{note}Test label of the sandbox: not valid for shipping."], MARGIN, 415, inner, 12, 7)


def _service(label: Mapping[str, Any]) -> str:
    return str(label.get("service") or "return").replace("_", " ").upper()


def _rma(label: Mapping[str, Any]) -> str:
    rma = str(label.get("rma") or "-")
    return rma if rma.upper().startswith("RMA") else f"RMA {rma}"


def _details(label: Mapping[str, Any]) -> list[str]:
    parcel: Mapping[str, Any] = label.get("parcel") or {}
    sides = [parcel.get(name) for name in ("length_mm", "width_mm", "height_mm")]
    measures = [f"{parcel['weight_grams']} g"] if parcel.get("weight_grams") else []
    if all(sides):
        measures.append(" x ".join(map(str, sides)) + " mm")
    created = label.get("created_at")
    issued = created.isoformat() if isinstance(created, datetime) else str(created or "")
    facts = {
        "Reference": label.get("reference"),
        "Label": label.get("id"),
        "Parcel": ", ".join(measures),
        "Issued": issued[:10],
    }
    return [f"{name}: {fact}" for name, fact in facts.items() if fact]


class _Lines:
    """Sets text; remembers in `lost` whether a character had to be replaced."""

    def __init__(self) -> None:
        self.lost = False

    def address(
        self,
        address: Mapping[str, Any] | None,
        x: float,
        y: float,
        width: float,
        height: float,
        size: float,
        *,
        bold: bool = False,
    ) -> Iterator[Run]:
        """Set an address, one part a line, Han characters as its country draws them."""
        parts: Mapping[str, Any] = address or {}
        country = str(parts.get("country_code") or "")
        place = " ".join(str(parts[key]) for key in ("city", "province", "postal_code") if parts.get(key))
        fields = (parts.get("name"), parts.get("address1"), parts.get("address2"), place, country, parts.get("phone"))
        wanted = [str(field) for field in fields if field]
        yield from self.block(wanted, x, y, width, height, size, bold=bold, country=country)

    def block(
        self,
        texts: Iterable[str],
        x: float,
        y: float,
        width: float,
        height: float,
        size: float,
        *,
        bold: bool = False,
        country: str = "",
    ) -> Iterator[Run]:
        """Set lines that stay inside the box: wrapped, then smaller, at last cut with an ellipsis."""
        texts, fonts = [typefaces.clean(text)[:LONGEST] for text in texts], typefaces.chain(bold=bold, country=country)
        while True:
            lines = [line for text in texts for line in self._wrap(text, width, size, fonts)]
            room = max(1, int(height / (size * 1.17)))
            if len(lines) <= room or size <= SMALLEST:
                break
            size -= 0.5
        if len(lines) > room:
            lines = [*lines[: room - 1], lines[room - 1][:-1] + "…"]
        for line in lines:
            y += size * 1.17
            yield from self._runs(line, x, y - size * 0.2, size, fonts)

    def centred(self, text: str, y: float, size: float) -> Iterator[Run]:
        """Set one line in the middle of the page, smaller where it is too long."""
        fonts = typefaces.chain(bold=True)
        while size > SMALLEST and self._width(text, size, fonts) > WIDTH - 2 * MARGIN:
            size -= 0.5
        yield from self._runs(text, (WIDTH - self._width(text, size, fonts)) / 2, y + size, size, fonts)

    def _wrap(self, text: str, width: float, size: float, fonts: tuple[str, ...]) -> list[str]:
        lines, line = list[str](), ""
        for word in text.split():
            joined = f"{line} {word}" if line else word
            if self._width(joined, size, fonts) <= width:
                line = joined
                continue
            if line:
                lines.append(line)
            line = ""
            for character in word:  # a word longer than the line breaks where it must
                if line and self._width(line + character, size, fonts) > width:
                    lines.append(line)
                    line = ""
                line += character
        return [*lines, line] if line else lines

    def _width(self, text: str, size: float, fonts: tuple[str, ...]) -> float:
        return sum(typefaces.measure(font, run, size) for font, run in self._split(text, fonts))

    def _runs(self, text: str, x: float, y: float, size: float, fonts: tuple[str, ...]) -> Iterator[Run]:
        for font, run in self._split(text, fonts):
            yield Run(x, y, size, font, run)
            x += typefaces.measure(font, run, size)

    def _split(self, text: str, fonts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        for font, run in typefaces.split(text, fonts):
            self.lost = self.lost or font is None
            yield font or fonts[0], run if font else "?" * len(run)


def _barcode(tracking: str, y: float, height: float) -> Iterator[Bar]:
    """Code 128 in whole dots of the printer, as wide as the page allows."""
    modules: str = import_module("barcode.codex").Code128(tracking).build()[0]
    dots = min(4, int(WIDTH / 72 * DPI) // (len(modules) + 2 * QUIET))
    if dots < 1:
        raise ValueError("the tracking number is too long for a 4 inch barcode")
    left = (int(WIDTH / 72 * DPI) - dots * len(modules)) // 2
    for start, length in _black(modules):
        yield Bar((left + start * dots) * 72 / DPI, y, length * dots * 72 / DPI, height)


def _qr(text: str, x: float, y: float, side: float) -> Iterator[Bar]:
    matrix = import_module("segno").make_qr(text, error="m").matrix
    dots = max(1, int(side / 72 * DPI) // (len(matrix) + 8))
    left, top = round(x / 72 * DPI) + 4 * dots, round(y / 72 * DPI)
    for index, row in enumerate(matrix):
        for start, length in _black("".join("1" if cell else "0" for cell in row)):
            yield Bar(*(v * 72 / DPI for v in (left + start * dots, top + index * dots, length * dots, dots)))


def _black(modules: str) -> Iterator[tuple[int, int]]:
    start = modules.find("1")
    while start >= 0:
        end = modules.find("0", start)
        end = len(modules) if end < 0 else end
        yield start, end - start
        start = modules.find("1", end)


def _pdf(marks: list[Mark], title: str) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas: Any = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1)
    canvas.setTitle(title)
    for mark in marks:
        if isinstance(mark, Bar):
            canvas.rect(mark.x, HEIGHT - mark.y - mark.height, mark.width, mark.height, stroke=0, fill=1)
        else:
            canvas.setFont(mark.font, mark.size)
            canvas.drawString(mark.x, HEIGHT - mark.y, mark.text)
    canvas.save()
    return out.getvalue()


def _png(marks: list[Mark]) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    def dots(points: float) -> int:
        return round(points * DPI / 72)

    image = Image.new("L", (dots(WIDTH), dots(HEIGHT)), 255)
    draw = ImageDraw.Draw(image)
    for mark in marks:
        if isinstance(mark, Bar):
            right, bottom = dots(mark.x + mark.width) - 1, dots(mark.y + mark.height) - 1
            left, top = dots(mark.x), dots(mark.y)
            draw.rectangle((left, top, max(left, right), max(top, bottom)), fill=0)
        else:
            font = ImageFont.truetype(
                typefaces.path(mark.font), mark.size * DPI / 72, layout_engine=ImageFont.Layout.BASIC
            )
            draw.text((mark.x * DPI / 72, mark.y * DPI / 72), mark.text, fill=0, font=font, anchor="ls")
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(DPI, DPI))
    return out.getvalue()
