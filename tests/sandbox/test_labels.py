"""The sandbox carrier's labels: what a scanner reads and what a person reads."""

from __future__ import annotations

import io
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from app.sandbox import typefaces
from app.sandbox.labels import DPI, HEIGHT, WIDTH, render

SENDER = {
    "name": "Aylin Öztürk",
    "address1": "İstiklal Caddesi 12",
    "address2": "Daire 3",
    "city": "İstanbul",
    "province": None,
    "country_code": "TR",
    "postal_code": "34430",
    "phone": "+90 212 000 00 00",
}
RECIPIENT = {
    "name": "Example Returns GmbH",
    "address1": "Lagerstraße 7",
    "address2": None,
    "city": "München",
    "province": None,
    "country_code": "DE",
    "postal_code": "80331",
    "phone": None,
}
NAMES = {
    "arabic": "محمد عبد الله، شقة 45",
    "japanese": "山田太郎 ひらがな カタカナ",
    "turkish": "Şükrü Ğüzelışık İnönü",
    "russian": "Фёдор Достоевский",
    "chinese": "张伟 臺灣",
    "korean": "김철수",
    "hebrew": "שלום (12) רחוב",
    "vietnamese": "Nguyễn Thị Ánh",
}


def label(**changes: Any) -> dict[str, Any]:
    return {
        "id": "lbl_1",
        "tracking_number": "SBX00000123456789",
        "rma": "RMA-10042",
        "service": "return_standard",
        "reference": "opr_01",
        "sender": SENDER,
        "recipient": RECIPIENT,
        "qr": False,
        "parcel": {"weight_grams": 1200, "length_mm": 300, "width_mm": 200, "height_mm": 100},
        "created_at": "2026-11-21T10:00:00Z",
        **changes,
    }


def picture(data: bytes, file_format: str) -> Image.Image:
    if file_format == "png":
        return Image.open(io.BytesIO(data))
    with pypdfium2.PdfDocument(data) as document:
        assert len(document) == 1
        assert document[0].get_size() == (WIDTH, HEIGHT)
        return document[0].render(scale=2 * DPI / 72).to_pil()


def words(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        return " ".join(document[0].get_textpage().get_text_range().split())


def scanned(image: Image.Image) -> dict[str, str]:
    return {str(code.format).replace(" ", ""): code.text for code in zxingcpp.read_barcodes(image)}


@pytest.mark.parametrize("file_format", ["pdf", "png"])
@pytest.mark.parametrize(
    "tracking_number", ["SBX00000123456789", "1Z999AA10123456784", "7", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
)
def test_a_scanner_reads_the_tracking_number(file_format: Any, tracking_number: str) -> None:
    image = picture(render(label(tracking_number=tracking_number), file_format), file_format)
    assert scanned(image) == {"Code128": tracking_number}


@pytest.mark.parametrize("file_format", ["pdf", "png"])
def test_a_qr_code_is_there_when_it_is_asked_for(file_format: Any) -> None:
    image = picture(render(label(qr=True), file_format), file_format)
    assert scanned(image) == {"Code128": "SBX00000123456789", "QRCode": "SBX00000123456789"}


def test_the_pdf_says_rma_service_parcel_and_both_addresses() -> None:
    text = words(render(label(), "pdf"))
    expected = [
        "RMA-10042",
        "RETURN STANDARD",
        "1200 g, 300 x 200 x 100 mm",
        "opr_01",
        "2026-11-21",
        "SBX00000123456789",
    ]
    for address in (SENDER, RECIPIENT):
        expected += [value for value in address.values() if value]
    assert [part for part in expected if part not in text] == []
    assert "cannot be printed" not in text


def test_the_png_is_four_by_six_inch_at_203_dpi() -> None:
    image = picture(render(label(), "png"), "png")
    assert image.size == (4 * DPI, 6 * DPI)
    assert [round(dots) for dots in image.info["dpi"]] == [DPI, DPI]


@pytest.mark.parametrize("file_format", ["pdf", "png"])
def test_the_same_label_gives_the_same_bytes(file_format: Any) -> None:
    assert render(label(qr=True), file_format) == render(label(qr=True), file_format)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_every_character_of_a_name_has_a_shape_of_its_own(name: str) -> None:
    data = render(label(sender={**SENDER, "name": name}), "pdf")
    assert "cannot be printed" not in words(data)
    for bold in (True, False):
        assert all(font for font, _ in typefaces.split(name, typefaces.chain(bold=bold)))
    assert scanned(picture(render(label(sender={"name": name}), "png"), "png")) == {"Code128": "SBX00000123456789"}


def test_arabic_is_joined_and_its_numbers_keep_their_direction() -> None:
    seen = "".join(run for _, run in typefaces.split("شقة 45", typefaces.chain(bold=False)))
    assert seen == "45 \ufe94\ufed8\ufeb7"
    seen = "".join(run for _, run in typefaces.split("Ali (محمد) 10", typefaces.chain(bold=False)))
    assert seen.startswith("Ali (")
    assert "10" in seen


def test_a_character_without_a_shape_is_replaced_and_the_label_says_so() -> None:
    text = words(render(label(sender={**SENDER, "name": "Mia 😀\x07\u202e"}), "pdf"))
    assert "Mia ?" in text
    assert "Some characters cannot be printed (?)" in text


def test_a_long_address_wraps_and_nothing_of_it_is_lost() -> None:
    street = "Donaudampfschifffahrtsgesellschaftskapitänsstraße 1234567890 Hinterhof links, dritter Aufgang, Rampe 12"
    text = words(render(label(recipient={**RECIPIENT, "address1": street, "address2": "x" * 90}), "pdf"))
    assert street.replace(" ", "") in text.replace(" ", "")
    assert text.replace(" ", "").count("x" * 90) == 1
    assert "München 80331" in text


def test_an_endless_address_ends_with_an_ellipsis_and_leaves_the_barcode_alone() -> None:
    endless = label(recipient={**RECIPIENT, "address1": "Gasse " * 2000}, service="s" * 400, rma="R" * 400)
    data = render(endless, "pdf")
    assert "…" in words(data)
    assert scanned(picture(data, "pdf")) == {"Code128": "SBX00000123456789"}


def test_a_label_without_addresses_and_parcel_is_still_a_label() -> None:
    bare = {
        "tracking_number": "SBX1",
        "rma": None,
        "sender": None,
        "recipient": None,
        "parcel": None,
        "created_at": None,
    }
    assert scanned(picture(render(bare, "png"), "png")) == {"Code128": "SBX1"}


@pytest.mark.parametrize("tracking_number", ["", "äöü", "line\nbreak", "9" * 400])
def test_a_number_that_no_barcode_holds_is_refused(tracking_number: str) -> None:
    with pytest.raises(ValueError, match="barcode"):
        render(label(tracking_number=tracking_number), "png")
