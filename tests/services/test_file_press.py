"""Pictures and pages written anew: they look as they did, and their reader has limits."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageStat
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from app.errors import FileUnreadable
from app.services import file_cleaning, file_press
from tests.support.files import SECRET, photo, picture


def seen(content: bytes) -> Any:
    """The first page as it is drawn."""
    with pypdfium2.PdfDocument(content) as pages:
        return pages[0].render(scale=1).to_pil().convert("L")


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("cropped", [False, True])
def test_a_page_looks_as_it_did_however_it_is_turned_and_cropped(turned: int, cropped: bool) -> None:
    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=(400, 300))
    page.drawString(100, 200, "Invoice 42")
    page.rect(60, 50, 50, 80, fill=1)
    page.setPageRotation(turned)
    if cropped:
        page.setCropBox((50, 40, 350, 280))
    page.showPage()
    page.save()
    *_, kept = file_press.press(out.getvalue())
    before, after = seen(out.getvalue()), seen(kept)
    assert before.size == after.size
    assert ImageChops.difference(before, after).getbbox() is None
    assert before.getextrema()[0] < 50, "something is drawn"


def test_a_script_that_runs_at_opening_and_an_attachment_are_gone() -> None:
    document = pypdfium2.PdfDocument.new()
    document.new_page(100, 100)
    document.new_attachment("evil.exe").set_data(b"MZ-EVIL")
    out = io.BytesIO()
    document.save(out)
    script = b"/Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"
    given = out.getvalue().replace(b"/Type /Catalog", script).replace(b"/Type/Catalog", script)
    assert b"/JavaScript" in given
    *_, kept = file_press.press(given)
    for gone in (b"/JavaScript", b"/OpenAction", b"evil.exe", b"/EmbeddedFile"):
        assert gone not in kept
    with pypdfium2.PdfDocument(kept) as pages:
        assert pages.count_attachments() == 0


def laid_out(content: bytes) -> bytes:
    """A PDF that holds the JPEG as it is, with metadata of its own beside it."""
    about = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"
    picture = b"/Subtype /Image /Width 60 /Height 40 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources 7 0 R >>",
        b"<< /Length 38 >>\nstream\nq 100 0 0 100 50 50 cm /Im0 Do Q       \nendstream",
        b"<< /Type /XObject %s /Metadata 6 0 R /Length %d >>\nstream\n%s\nendstream" % (picture, len(content), content),
        b"<< /Type /Metadata /Subtype /XML /Length %d >>\nstream\n%s\nendstream" % (len(about), about),
        b"<< /XObject << /Im0 5 0 R >> >>",
    ]
    out, places = b"%PDF-1.4\n", [b"0000000000 65535 f \n"]
    for number, body in enumerate(objects, 1):
        places.append(b"%010d 00000 n \n" % len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"xref\n0 %d\n%s" % (len(places), b"".join(places))
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places), len(out))
    return out + table + trailer


def wrapped(content: bytes) -> bytes:
    """A PDF that holds the JPEG once more encoded, as many programs write it."""
    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=(200, 200))
    page.drawImage(ImageReader(io.BytesIO(content)), 50, 50, 100, 100)
    page.showPage()
    page.save()
    assert b"ASCII85Decode /DCTDecode" in out.getvalue()
    return out.getvalue()


@pytest.mark.parametrize("laid", [laid_out, wrapped])
@pytest.mark.parametrize("twice", [False, True])
def test_a_photo_within_a_page_tells_no_place_and_looks_as_it_did(laid: Callable[[bytes], bytes], twice: bool) -> None:
    given = laid(photo(seed=5) + (photo(seed=6) if twice else b""))
    *_, kept = file_press.press(given)
    told = [kept]
    with pypdfium2.PdfDocument(kept) as pages:
        told += [bytes(one.get_data(decode_simple=True)) for one in pages[0].get_objects(max_depth=5) if one.type == 3]
    assert len(told) > 1, "the photo is there"
    for gone in (SECRET, b"Exif", b"xmpmeta"):
        assert not [data for data in told if gone in data]
    before, after = seen(given), seen(kept)
    assert before.size == after.size
    difference = ImageChops.difference(before, after)
    assert ImageStat.Stat(difference).mean[0] < 1
    assert before.getextrema()[0] < 200, "something is drawn"


def test_a_photo_keeps_its_colors() -> None:
    *_, kept = file_press.press(picture("PNG", seed=3))
    with Image.open(io.BytesIO(kept)) as after, Image.open(io.BytesIO(picture("PNG", seed=3))) as before:
        assert ImageChops.difference(before, after).getbbox() is None


def test_a_broken_note_on_how_a_photo_was_held_costs_no_photo() -> None:
    kind, *_ = file_press.press(picture("WEBP", exif=b"Exif\0\0broken"))
    assert kind == "image/webp"


def test_the_reader_has_no_more_memory_and_time_than_it_needs() -> None:
    grab = "from app.services import file_press; file_press._bounded(); {}"
    for greedy in ("b'x' * (2 << 30)", "import resource; assert resource.getrlimit(resource.RLIMIT_CPU)[0] > 20"):
        done = subprocess.run([sys.executable, "-c", grab.format(greedy)], capture_output=True, check=False)
        assert done.returncode != 0
    assert (
        b"MemoryError"
        in subprocess.run(
            [sys.executable, "-c", grab.format("b'x' * (2 << 30)")], capture_output=True, check=False
        ).stderr
    )


def test_a_reader_that_dies_or_hangs_is_a_file_that_cannot_be_read() -> None:
    for program in ("import os; os.kill(os.getpid(), 11)", "import time; time.sleep(60)"):
        with pytest.raises(FileUnreadable):
            file_cleaning.pressed(b"x", [sys.executable, "-c", program], 1.0)


def test_the_reader_knows_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSALE_DATABASE_URL", "postgresql://aftersale:hidden@db/aftersale")
    told = 'import json, os; print(json.dumps({"refused": "file_unreadable", "detail": " ".join(os.environ)}))'
    with pytest.raises(FileUnreadable) as refused:
        file_cleaning.pressed(b"x", [sys.executable, "-c", told])
    names = refused.value.detail.split()
    assert "PATH" in names
    assert not [name for name in names if name.startswith("AFTERSALE_")]
