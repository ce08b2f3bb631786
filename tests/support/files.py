"""Pictures and documents for tests, made here, and the form that sends them."""

from __future__ import annotations

import io
import uuid
from typing import Any

import httpx
from PIL import Image
from reportlab.pdfgen import canvas

from tests.support.app import Tenant

SECRET = b"GPS-AND-MAKER"


def picture(kind: str = "JPEG", *, size: tuple[int, int] = (60, 40), seed: int = 0, **options: Any) -> bytes:
    """A picture whose pixels follow from `seed`."""
    out = io.BytesIO()
    drawn = Image.new("RGB", size, (seed * 37 % 256, seed * 91 % 256, 90))
    drawn.paste((255, 255, 255), (0, 0, size[0] // 2, size[1] // 2))  # the corner that tells how it is turned
    drawn.save(out, kind, **options)
    return out.getvalue()


def photo(*, orientation: int = 1, seed: int = 0) -> bytes:
    """A JPEG as a phone writes it: with maker, place, remark, and how it was held."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, SECRET.decode()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return picture("JPEG", seed=seed, exif=exif, comment=SECRET, icc_profile=b"odd " + SECRET)


def document(text: str = "Invoice 42") -> bytes:
    """A PDF with an author, a link, a form, and a script that runs when it is opened."""
    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=(300, 200))
    page.setAuthor(SECRET.decode())
    page.drawString(20, 150, text)
    page.linkURL("https://elsewhere.example/", (0, 0, 50, 50))
    page.acroForm.textfield(name="n", value="filled in", x=20, y=50, width=100, height=20)
    page.showPage()
    page.save()
    return out.getvalue()


def upload(
    store: Tenant,
    content: bytes,
    name: str = "photo.jpg",
    *,
    key: str | None = "",
    purpose: str | None = None,
    **more: str,
) -> httpx.Response:
    """Send one file with a fresh idempotency key, with this `key`, or (None) without."""
    if key is not None:
        more["Idempotency_Key"] = key or f"k-{uuid.uuid4().hex}"
    fields = {} if purpose is None else {"purpose": purpose}
    sent = {"file": (name, content, "application/octet-stream")}
    return store.client.post("/v1/files", files=sent, data=fields, headers=store.headers(**more))


def sent(store: Tenant, content: bytes | None = None, **more: Any) -> str:
    """The id of a file that was taken."""
    answer = upload(store, photo() if content is None else content, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]
