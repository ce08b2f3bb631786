"""Files: what is taken, what is left of it, to whom it is shown, and how it is served."""

from __future__ import annotations

import io
import re
import socket
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from hashlib import sha256
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pypdfium2
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from reportlab.pdfgen import canvas

from app.routers.uploads import AT_ONCE
from tests.support.app import App, Tenant
from tests.support.files import SECRET, document, photo, picture, sent, upload

ANNA = {"Aftersale_Customer": "cust-anna"}
LUC = {"Aftersale_Customer": "cust-luc"}
SOCKS = {"line_id": "ln-1001-2", "quantity": 1}
KINDS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}


def content(store: Tenant, file_id: str, **more: str) -> httpx.Response:
    return store.get(f"/v1/files/{file_id}/content", **more)


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def form(*parts: tuple[str, bytes], boundary: str = "b0") -> bytes:
    """A form written by hand: each part's disposition and content."""
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + part + b"\r\n"
        for disposition, part in parts
    )
    return body + f"--{boundary}--\r\n".encode()


def post_form(store: Tenant, body: bytes, kind: str = "multipart/form-data; boundary=b0") -> httpx.Response:
    return store.client.post("/v1/files", content=body, headers=store.headers(Content_Type=kind))


# ---- what is taken -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_is_kept_by_what_it_is_whatever_it_is_called(store: Tenant, kind: str) -> None:
    answer = upload(store, picture(kind), "scan.pdf", purpose="claim")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    got = content(store, made["id"])
    with Image.open(io.BytesIO(got.content)) as kept:
        assert (kept.format, kept.size) == (kind, (60, 40))
    assert made["type"] == got.headers["content-type"] == KINDS[kind]
    assert made["name"] == f"scan.{'jpg' if kind == 'JPEG' else kind.lower()}"
    assert (made["width"], made["height"], made["purpose"]) == (60, 40, "claim")
    assert (made["size"], made["sha256"]) == (len(got.content), sha256(got.content).hexdigest())
    assert store.get(f"/v1/files/{made['id']}").json() == made
    events = store.get(f"/v1/events?resource={made['id']}").json()["data"]
    assert [(event["type"], event["data"]["object"]) for event in events] == [("file.created", made)]


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (59, 39)), (6, (39, 0)), (8, (0, 59))])
def test_a_photo_loses_what_it_tells_of_its_maker_and_place_and_stands_upright(
    store: Tenant, orientation: int, corner: tuple[int, int]
) -> None:
    given = photo(orientation=orientation)
    assert given.count(SECRET) >= 2
    kept = content(store, sent(store, given)).content
    assert SECRET not in kept
    assert b"Exif" not in kept
    with Image.open(io.BytesIO(kept)) as shown:
        assert "icc_profile" not in shown.info
        assert min(shown.convert("RGB").getpixel(corner)) > 200, "the white corner is where it was held"  # type: ignore[type-var]


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_no_remark_of_other_pictures_is_kept_either(store: Tenant, kind: str) -> None:
    options: dict[str, Any] = {"GIF": {"comment": SECRET}, "WEBP": {"exif": b"Exif\0\0" + SECRET}}.get(kind, {})
    if kind == "PNG":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_text("Comment", SECRET.decode())
    given = picture(kind, **options)
    assert SECRET in given
    assert SECRET not in content(store, sent(store, given)).content


def test_what_hides_behind_or_within_a_picture_is_gone(store: Tenant) -> None:
    hidden = b"<script>alert(1)</script>PK\x03\x04#!/bin/sh"
    for given in (picture("GIF") + hidden, picture("PNG") + hidden, picture("JPEG", comment=hidden)):
        assert hidden in given
        assert hidden not in content(store, sent(store, given)).content


def test_what_is_seen_through_stays_so(store: Tenant) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(out, "PNG")
    with Image.open(io.BytesIO(content(store, sent(store, out.getvalue())).content)) as kept:
        assert (kept.mode, kept.getpixel((0, 0))[3]) == ("RGBA", 0)  # type: ignore[index]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_pictures_of_every_mode_can_be_read(store: Tenant, mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (9, 7)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert upload(store, out.getvalue()).status_code == 201


def test_of_an_animation_the_first_frame_is_kept(store: Tenant) -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (10, 10), color) for color in ("red", "blue", "green")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(content(store, sent(store, out.getvalue())).content)) as kept:
        assert (getattr(kept, "n_frames", 1), kept.convert("RGB").getpixel((5, 5))) == (1, (254, 0, 0)) or (
            kept.convert("RGB").getpixel((5, 5)) == (255, 0, 0)
        )


def test_a_large_photo_is_made_smaller(store: Tenant) -> None:
    made = upload(store, picture("JPEG", size=(5000, 2500))).json()
    assert (made["width"], made["height"]) == (4096, 2048)


def test_a_document_keeps_what_it_shows_and_nothing_that_runs(store: Tenant) -> None:
    given = document()
    assert SECRET in given
    answer = upload(store, given, "invoice.pdf")
    kept = content(store, answer.json()["id"])
    assert kept.headers["content-type"] == answer.json()["type"] == "application/pdf"
    for gone in (SECRET, b"elsewhere.example", b"/Annots", b"/AcroForm", b"/JavaScript", b"/JS"):
        assert gone not in kept.content, gone
    with pypdfium2.PdfDocument(kept.content) as pages:
        text = pages[0].get_textpage().get_text_bounded()
    assert "Invoice 42" in text
    assert "filled in" in text, "what a form shows is drawn"


# ---- what is not taken -------------------------------------------------------------------------------------------

ZIP = b"PK\x03\x04" + b"\0" * 60
HEIC = b"\0\0\0\x18ftypheic" + b"\0" * 60
REFUSED: dict[str, tuple[bytes, str]] = {
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "file_type_not_allowed"),
    "html": (b"<!doctype html><script>alert(1)</script>", "file_type_not_allowed"),
    "zip": (ZIP, "file_type_not_allowed"),
    "heic": (HEIC, "file_type_not_allowed"),
    "text": (b"just words", "file_type_not_allowed"),
    "a program": (b"\x7fELF" + b"\0" * 60, "file_type_not_allowed"),
    "bmp": (b"BM" + b"\0" * 60, "file_type_not_allowed"),
    "a pdf behind a gif": (b"x%PDF-1.4", "file_type_not_allowed"),
    "nothing": (b"", "file_unreadable"),
    "a jpeg's beginning": (b"\xff\xd8\xff\xe0", "file_unreadable"),
    "half a jpeg": (picture("JPEG", size=(300, 300))[:900], "file_unreadable"),
    "a gif that is none": (b"GIF89a/*<svg>*/=1;alert(1)", "file_unreadable"),
    "a png that is none": (b"\x89PNG\r\n\x1a\n" + ZIP, "file_unreadable"),
    "a webp that is none": (b"RIFF\0\0\0\0WEBPVP8 ", "file_unreadable"),
    "a pdf that is none": (b"%PDF-1.7\n<script>alert(1)</script>", "file_unreadable"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photo_and_no_document_is_refused_and_nothing_is_stored(store: Tenant, name: str) -> None:
    given, code = REFUSED[name]
    answer = upload(store, given, "photo.jpg")
    assert told(answer) == (422, code), answer.text
    assert ("HEIC" in answer.json()["detail"]) == (name == "heic")
    assert store.get("/v1/events").json()["data"] == []


def test_a_picture_of_too_many_pixels_is_refused_by_what_its_head_says(store: Tenant) -> None:
    bomb = bytearray(picture("PNG"))
    bomb[16:24] = (50_000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bytes(bomb[12:29])).to_bytes(4, "big")
    assert told(upload(store, bytes(bomb))) == (422, "image_too_large")


def test_a_document_of_too_many_pages_or_behind_a_password_is_refused(store: Tenant) -> None:
    many = pypdfium2.PdfDocument.new()
    for _ in range(51):
        many.new_page(10, 10)
    out = io.BytesIO()
    many.save(out)
    answer = upload(store, out.getvalue())
    assert told(answer) == (422, "file_unreadable")
    assert "50 pages" in answer.json()["detail"]
    locked = io.BytesIO()
    page = canvas.Canvas(locked, encrypt="secret")
    page.showPage()
    page.save()
    assert told(upload(store, locked.getvalue())) == (422, "file_unreadable")


FILE = ('name="file"; filename="a"', b"x")
FORMS: dict[str, tuple[bytes, int, str]] = {
    "no parts": (form(), 422, "validation_failed"),
    "nothing at all": (b"", 400, "invalid_multipart"),
    "no form": (b"\xff\xd8\xff", 400, "invalid_multipart"),
    "two files": (form(FILE, FILE), 400, "invalid_multipart"),
    "a file as a word": (form(('name="file"', b"fil_1")), 422, "validation_failed"),
    "another field": (form(('name="photo"; filename="a"', b"x")), 422, "validation_failed"),
    "a field more": (form(FILE, ('name="store_id"', b"1")), 422, "validation_failed"),
    "a purpose that is none": (form(FILE, ('name="purpose"', b"fun")), 422, "validation_failed"),
    "a purpose twice": (
        form(FILE, ('name="purpose"', b"claim"), ('name="purpose"', b"other")),
        422, "validation_failed"),
    "a part without a name": (form(('filename="a"', b"x")), 400, "invalid_multipart"),
    "10,000 parts": (form(*[('name="purpose"', b"x")] * 10_000), 400, "invalid_multipart"),
    "10,000 files": (form(*[FILE] * 10_000), 400, "invalid_multipart"),
    "a head without end": (b"--b0\r\n" + b"X: " + b"y" * 100_000, 400, "invalid_multipart"),
    "cut off": (form(('name="file"; filename="a"', photo()))[:200], 400, "invalid_multipart"),
    "a long purpose": (form(FILE, ('name="purpose"', b"x" * 5000)), 400, "invalid_multipart"),
    "half a character as a name": (form(('name="+2AA-"', b"x")), 422, "validation_failed"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_not_one_file_is_refused(store: Tenant, name: str) -> None:
    body, status, code = FORMS[name]
    charset = "; charset=utf-7" if "half a character" in name else ""
    answer = post_form(store, body, f"multipart/form-data; boundary=b0{charset}")
    assert told(answer) == (status, code), answer.text
    assert store.get("/v1/events").json()["data"] == []


@pytest.mark.parametrize("kind", ["application/json", "image/jpeg", "multipart/mixed; boundary=b0", ""])
def test_only_a_form_is_read(store: Tenant, kind: str) -> None:
    assert told(post_form(store, form(('name="file"; filename="a"', photo())), kind)) == (415, "unsupported_media_type")


def test_a_form_without_its_boundary_is_refused(store: Tenant) -> None:
    assert told(post_form(store, form(), "multipart/form-data")) == (400, "invalid_multipart")
    assert told(post_form(store, form(), f"multipart/form-data; boundary={'b' * 5000}")) == (400, "invalid_multipart")


# ---- names -------------------------------------------------------------------------------------------------------

NAMES = {
    "../../etc/passwd": "passwd.jpg",
    "..\\..\\boot.ini": "boot.ini.jpg",
    "C:\\Users\\anna\\Bild 1.JPG": "Bild 1.jpg",
    "photo.jpg.html": "photo.jpg.html.jpg",
    "gpj\u202egnp.exe": "gpjgnp.exe.jpg",
    "zero\u200bwidth\ufeff.png": "zerowidth.jpg",
    "Größe – 写真.jpeg": "Größe – 写真.jpg",
    "x" * 300 + ".png": "x" * 100 + ".jpg",
    "写" * 300: "写" * 66 + ".jpg",
    "con.jpg": "_con.jpg",
    '<img src=x onerror="a">.jpg': "_img src=x onerror=_a__.jpg",
    "...": "file.jpg",
    "": "file.jpg",
    "  spaced   out  .gif": "spaced out.jpg",
    "card 4111 1111 1111 1111.jpg": "card [card].jpg",
    "４２４２４２４２４２４２４２４２.jpg": "[card].jpg",
    "411111\u200b1111111111.jpg": "[card].jpg",
}


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:40])
def test_a_name_comes_out_safe(store: Tenant, name: str) -> None:
    disposition = f'name="file"; filename="{name.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"'
    answer = post_form(store, form((disposition, picture())))
    if name == "":
        assert answer.status_code in {201, 422}
        return
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["name"] == NAMES[name]
    header = content(store, made["id"]).headers["content-disposition"]
    assert re.fullmatch(rf"attachment; filename=\"{made['id']}\.jpg\"; filename\*=UTF-8''[A-Za-z0-9_.~%-]+", header)
    assert unquote(header.partition("UTF-8''")[2]) == made["name"]


def test_line_breaks_in_a_name_break_no_header(store: Tenant) -> None:
    for name in ("a%0d%0aSet-Cookie: x=1.jpg", "a\x01\x7fb.jpg"):
        answer = post_form(store, form((f'name="file"; filename="{name}"', picture())))
        got = content(store, answer.json()["id"])
        assert "set-cookie" not in got.headers
        assert "\r" not in answer.json()["name"]
    broken = b'--b0\r\nContent-Disposition: form-data; name="file"; filename="a\r\nX-Evil: 1"\r\n\r\nx\r\n--b0--\r\n'
    assert post_form(store, broken).status_code in {400, 422}
    latin = post_form(store, form(('name="file"; filename="NAME"', picture())).replace(b"NAME", b"caf\xe9.jpg"))
    assert latin.json()["name"] == "café.jpg"
    lone = post_form(store, form(('name="file"; filename="NAME"', picture())).replace(b"NAME", b"a\xed\xa0\x80b.jpg"))
    assert lone.status_code == 201
    lone.json()["name"].encode()
    seven = form(('name="file"; filename="a+2AA-b.jpg"', picture()))
    assert post_form(store, seven, "multipart/form-data; boundary=b0; charset=utf-7").json()["name"] == "a_b.jpg"


# ---- how it is served --------------------------------------------------------------------------------------------


def test_a_file_is_served_so_that_nothing_of_it_runs(store: Tenant) -> None:
    got = content(store, sent(store, photo(), name="Büro.jpg"))
    assert got.headers["content-disposition"].endswith("filename*=UTF-8''B%C3%BCro.jpg")
    assert got.headers["content-disposition"].startswith("attachment;")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["content-length"] == str(len(got.content))


# ---- once per key ------------------------------------------------------------------------------------------------


def test_the_same_key_and_file_are_one_file_and_another_content_is_refused(store: Tenant) -> None:
    first = upload(store, photo(), key="k-1")
    again = upload(store, photo(), key="k-1")  # its boundary is another one
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    for changed in ({"content": photo(seed=1)}, {"name": "b.jpg"}, {"purpose": "claim"}):
        given: dict[str, Any] = {"content": photo(), "key": "k-1", **changed}
        assert told(upload(store, given.pop("content"), **given)) == (422, "idempotency_key_reused")
    assert upload(store, photo(), key="k-1", **ANNA).json()["id"] != first.json()["id"], "a key is its shopper's"
    types = [event["type"] for event in store.get("/v1/events?type=file.created").json()["data"]]
    assert len(types) == 2


def test_a_key_that_was_refused_may_be_tried_again(store: Tenant) -> None:
    assert told(upload(store, b"words", key="k-2")) == (422, "file_type_not_allowed")
    assert upload(store, photo(), key="k-2").status_code == 201


def test_racing_uploads_of_one_key_make_one_file(store: Tenant) -> None:
    with ThreadPoolExecutor(6) as many:
        answers = list(many.map(lambda _: upload(store, photo(), key="race"), range(6)))
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len(made) == 1


# ---- whose it is -------------------------------------------------------------------------------------------------


def test_a_file_is_its_store_s_mode_s_and_shopper_s(app: App, store: Tenant, other: Tenant) -> None:
    mine = sent(store)
    anna = sent(store, **ANNA)
    live = app.client(store.live_key)
    for path in ("", "/content"):
        for file in (mine, anna):
            for answer in (other.get(f"/v1/files/{file}{path}"), live.get(f"/v1/files/{file}{path}"),
                           store.get(f"/v1/files/{file}{path}", **LUC)):  # fmt: skip
                assert told(answer) == (404, "file_not_found")
        assert store.get(f"/v1/files/{anna}{path}", **ANNA).status_code == 200
        assert store.get(f"/v1/files/{anna}{path}").status_code == 200, "the store sees all of its own"
        assert told(store.get(f"/v1/files/{mine}{path}", **ANNA)) == (404, "file_not_found")
    assert store.get(f"/v1/files/{anna}").json()["customer"].startswith("cus_")


def test_two_stores_with_the_same_bytes_know_nothing_of_each_other(store: Tenant, other: Tenant) -> None:
    one, two = upload(store, photo()).json(), upload(other, photo()).json()
    assert one["sha256"] == two["sha256"]
    assert content(store, one["id"]).content == content(other, two["id"]).content
    assert told(content(store, two["id"])) == (404, "file_not_found")


# ---- what it hangs on --------------------------------------------------------------------------------------------


def test_a_return_s_photos_are_one_s_own_and_hang_on_it(store: Tenant, other: Tenant) -> None:
    anna, luc, nobody = sent(store, **ANNA), sent(store, **LUC), sent(store)
    strangers = [luc, nobody, sent(other), "fil_01m7zskg3kes4tpxfpb1m0gczt", "photo.jpg"]
    for stranger in strangers:
        body = {"order": "#1001", "lines": [{**SOCKS, "files": [anna, stranger]}]}
        assert told(store.post("/v1/returns", body, **ANNA)) == (404, "file_not_found")
    made = store.post("/v1/returns", {"order": "#1001", "lines": [{**SOCKS, "files": [anna]}]}, **ANNA)
    assert made.status_code == 201, made.text
    assert made.json()["lines"][0]["files"] == [anna]
    shown = store.get(f"/v1/files/{anna}", **ANNA).json()
    assert shown["used_by"] == [{"type": "return", "id": made.json()["id"]}]
    types = [event["type"] for event in store.get(f"/v1/events?resource={anna}").json()["data"]]
    assert types == ["file.created", "file.attached"]


def test_what_the_store_sent_becomes_the_customer_s_whose_return_it_hangs_on(store: Tenant) -> None:
    file, luc = sent(store), sent(store, **LUC)
    assert told(store.post("/v1/returns", {"order": "#1001", "lines": [{**SOCKS, "files": [luc]}]})) == (
        404, "file_not_found")  # fmt: skip
    made = store.post("/v1/returns", {"order": "#1001", "lines": [{**SOCKS, "files": [file]}]}).json()
    assert store.get(f"/v1/files/{file}", **ANNA).json()["customer"] == made["customer"]
    assert told(store.get(f"/v1/files/{file}", **LUC)) == (404, "file_not_found")


def test_a_preview_hangs_a_file_on_nothing(store: Tenant) -> None:
    anna = sent(store, **ANNA)
    body = {"order": "#1001", "lines": [{**SOCKS, "files": [anna]}], "preview": True}
    assert store.post("/v1/returns", body, **ANNA).status_code == 200
    assert store.get(f"/v1/files/{anna}").json()["used_by"] == []


def test_a_claim_and_an_exchange_take_photos_too(store: Tenant) -> None:
    one, two = sent(store, **ANNA), sent(store, photo(seed=1), **ANNA)
    lines = [{"line_id": "ln-1001-1", "quantity": 1, "kind": "damaged", "files": [one]}]
    claim = store.post("/v1/claims", {"order": "#1001", "lines": lines}, **ANNA)
    assert claim.status_code == 202, claim.text
    assert claim.json()["lines"][0]["files"] == [one]
    assert store.get(f"/v1/files/{one}").json()["used_by"] == [{"type": "claim", "id": claim.json()["id"]}]
    stranger = [{**lines[0], "line_id": "ln-1001-2", "files": [sent(store, **LUC)]}]
    assert told(store.post("/v1/claims", {"order": "#1001", "lines": stranger}, **ANNA)) == (404, "file_not_found")
    swap = {"line_id": "ln-1001-2", "quantity": 1, "variant_id": "var-socks-grey-43"}
    lost = {"order": "#1001", "lines": [{**swap, "files": ["fil_1"]}], "payment_method_id": "pm-anna-visa"}
    assert told(store.post("/v1/exchanges", lost, **ANNA)) == (404, "file_not_found")
    made = store.post("/v1/exchanges", {**lost, "lines": [{**swap, "files": [two]}]}, **ANNA)
    assert made.status_code in {201, 202}, made.text
    assert store.get(f"/v1/files/{two}").json()["used_by"] == [{"type": "return", "id": made.json()["return"]}]


def test_a_message_brings_files_by_their_ids(store: Tenant, other: Tenant) -> None:
    file, second = sent(store), sent(store, photo(seed=1))
    message = {"channel": "chat", "text": "Where is my order?"}
    for stranger in (sent(other), "fil_1"):
        assert told(store.post("/v1/messages", {**message, "files": [stranger]})) == (404, "file_not_found")
    named = [file, {"name": "b.jpg", "id": second}, {"name": "only-named.jpg"}]
    made = store.post("/v1/messages", {**message, "files": named})
    assert made.status_code == 201, made.text
    shown = [{"name": None, "id": file}, {"name": "b.jpg", "id": second}, {"name": "only-named.jpg", "id": None}]
    assert made.json()["message"]["files"] == shown
    ticket = store.get(f"/v1/tickets/{made.json()['ticket']['id']}").json()
    assert ticket["messages"][0]["files"] == shown
    assert store.get(f"/v1/files/{file}").json()["used_by"] == [{"type": "message", "id": made.json()["message"]["id"]}]


# ---- room --------------------------------------------------------------------------------------------------------


def test_what_comes_is_counted_while_it_comes(app: App, store: Tenant) -> None:
    with app.other_edge(file_bytes=20_000) as url:
        client = app.client(store.key, url)
        too_large = {"file": ("a.jpg", b"\xff\xd8\xff" + b"x" * 60_000)}
        assert told(client.post("/v1/files", files=too_large)) == (413, "body_too_large")

        def endless() -> Any:
            yield form(('name="file"; filename="a"', b""))[:-8]
            for _ in range(100):
                yield b"x" * 1000

        headers = {"Content-Type": "multipart/form-data; boundary=b0"}
        try:
            answer = client.post("/v1/files", content=endless(), headers=headers)
            assert told(answer) == (413, "body_too_large")
        except (httpx.WriteError, httpx.RemoteProtocolError):
            pass  # it has heard enough before all was said
        assert client.post("/v1/files", files={"file": ("a.jpg", picture())}).status_code == 201


def test_nobody_s_body_is_read_before_it_is_known_who_sends_it(app: App) -> None:
    answer = app.client().post("/v1/files", files={"file": ("a.jpg", b"x" * 100_000)})
    assert told(answer) == (401, "unauthorized")


def test_slow_senders_hold_up_nobody(app: App, store: Tenant) -> None:
    """More of them than files are worked on at once, none of which has ended."""
    address = urlsplit(app.url)
    head = (
        f"POST /v1/files HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {store.key}\r\nContent-Length: 100000\r\n"
        "Content-Type: multipart/form-data; boundary=b0\r\n\r\n"
    ).encode()
    with ExitStack() as open_ones:
        for _ in range(AT_ONCE + 4):
            wire = open_ones.enter_context(
                closing(socket.create_connection((address.hostname or "", address.port or 80)))
            )
            wire.sendall(head + form(('name="file"; filename="a"', b"\xff\xd8\xff" * 1000))[:2000])
        assert upload(store, photo()).status_code == 201


def test_a_client_that_sends_too_slowly_or_goes_away_leaves_nothing(app: App, store: Tenant) -> None:
    def dribble() -> Any:
        yield form(('name="file"; filename="a"', b""))[:-10]
        for _ in range(20):
            yield b"x"
            time.sleep(0.1)

    with app.other_edge(file_seconds=0.3) as url:
        headers = {"Content-Type": "multipart/form-data; boundary=b0"}
        try:
            answer = app.client(store.key, url).post("/v1/files", content=dribble(), headers=headers)
            assert told(answer) == (408, "body_too_slow")
        except (httpx.WriteError, httpx.RemoteProtocolError):
            pass  # it has heard enough before all was said
    assert store.get("/v1/events").json()["data"] == []


def test_the_limit_is_the_file_s_to_the_byte(app: App, store: Tenant) -> None:
    most = app.settings.file_bytes
    given = photo()
    assert upload(store, given + b"\0" * (most - len(given))).status_code == 201
    assert told(upload(store, given + b"\0" * (most + 1 - len(given)))) == (413, "body_too_large")
