"""The example page of a storefront, walked through in a browser as a shopper with a phone would."""

from __future__ import annotations

import copy
import http.server
import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import Browser, Error, Page, Route, expect

from tests.browser.opened import Opened
from tests.http import storefront
from tests.support.app import DEMO, App, Tenant
from tests.support.files import photo

pytestmark = pytest.mark.browser
FOLDER = Path(__file__).resolve().parents[2] / "examples" / "storefront"
PHONE = 360
WRITTEN = "http://127.0.0.1:8000"
"""Where the page as it is delivered looks for the API."""
SCRIPT = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenhalterung"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Nothing of a test's reading is printed."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, app: App) -> Iterator[tuple[Path, str]]:
    """A copy of the example's folder that speaks to this app, and its origin."""
    folder = tmp_path_factory.mktemp("site") / "storefront"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("key.json"))
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert page.count(WRITTEN) == 2
    (folder / "index.html").write_text(page.replace(WRITTEN, app.url), encoding="utf-8")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Visit:
    """A shopper on the page, on a phone."""

    def __init__(self, browser: Browser, store: Tenant, site: tuple[Path, str]) -> None:
        folder, self.origin = site
        self.shop = storefront.Page.of(store, self.origin)
        (folder / "key.json").write_text(json.dumps({"key": self.shop.key}), encoding="utf-8")
        self.store, self.opened = store, Opened(browser, PHONE, 740)
        self.page: Page = self.opened.page

    def goes(self, to: str = "") -> None:
        """Open the page."""
        self.page.goto(f"{self.origin}/{to}")

    def presses(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def sees(self, heading: str) -> None:
        """Wait for a heading; the keyboard is there, and nothing is wider than the phone."""
        found = self.page.get_by_role("heading", name=heading, exact=True)
        expect(found).to_be_focused()
        self.fits()

    def fits(self) -> None:
        """Nothing has to be scrolled sideways."""
        assert self.page.evaluate("document.documentElement.scrollWidth") <= PHONE

    def is_told(self, text: str | re.Pattern[str], role: Any = "alert") -> None:
        """Hear it from the page."""
        expect(self.page.get_by_role(role).filter(has_text=text)).to_be_visible()

    def asks_for_a_code(self, order: str, email: str) -> None:
        """Fill in the form by keyboard."""
        self.page.get_by_label("Order number").fill(order)
        self.page.get_by_label("E-mail address of the order").fill(email)
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_label("Six digits")).to_be_focused()

    def enters(self, code: str) -> None:
        """Give a code."""
        self.page.get_by_label("Six digits").fill(code)
        self.page.keyboard.press("Enter")

    def code(self) -> str:
        """The code that was sent."""
        return self.shop.code(self.page.evaluate("JSON.parse(sessionStorage['aftersale.waiting']).id"))

    def is_signed_in(self, customer: str) -> None:
        """Have a session that the shop's own server has opened."""
        answer = self.store.post("/v1/shopper-sessions", {"customer": customer})
        keep = f"sessionStorage['aftersale.token'] = {json.dumps(json.dumps(answer.json()))}"
        self.page.add_init_script(keep)


@pytest.fixture
def visit(browser: Browser, app: App, site: tuple[Path, str]) -> Iterator[Visit]:
    """In a shop whose titles were written by somebody who means no good."""
    document = copy.deepcopy(DEMO)
    order = next(order for order in document["orders"] if order["number"] == "#1001")
    order["lines"][0]["title"], order["lines"][1]["title"] = SCRIPT, LONG
    order["shipments"][0]["tracking_url"] = "javascript:document.title='owned'"
    order["shipments"][0]["scans"][0]["description"] = SCRIPT
    made = Visit(browser, app.store(document), site)
    yield made
    made.page.close()


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_shopper_asks_proves_who_they_are_returns_an_item_and_prints_its_label(visit: Visit, tmp_path: Path) -> None:
    page, store = visit.page, visit.store
    visit.goes()
    page.get_by_label("Your message").fill("Where is my order #1001?")
    page.keyboard.press("Enter")
    log = page.get_by_role("log")
    expect(log).to_contain_text("Please sign in")
    visit.presses("Prove that it is mine")
    expect(page.get_by_label("Order number")).to_have_value("1001")
    visit.asks_for_a_code("1001", "anna.keller@example.com")
    visit.enters(other_than(visit.code()))
    visit.is_told("This is not the code")
    visit.enters(visit.code())
    visit.sees("Order #1001")
    expect(log).to_contain_text("Order #1001 was delivered")
    expect(page.locator("#order-summary")).to_contain_text("Order #1001 was delivered")
    expect(page.locator("#order-parcels")).to_contain_text(SCRIPT)
    page.get_by_text("Parcel with NordPost").click()
    visit.fits()
    assert page.locator("main img").count() == 1, "the label's own, and none that a title has brought"
    assert page.locator("main a[href^=javascript]").count() == 0
    page.screenshot(path=tmp_path / "order.png", full_page=True)

    page.evaluate("location.hash = 'order=1002'")
    visit.is_told("There is no such order among yours.")
    assert "Luc" not in page.locator("body").inner_text()
    page.evaluate("location.hash = 'order=1001'")
    visit.sees("Order #1001")

    visit.presses("Return something")
    visit.sees("Return something")
    page.get_by_role("checkbox", name=LONG).press("Space")
    item = page.get_by_role("group", name=LONG)
    item.get_by_label("How many").select_option("1")
    item.get_by_label("A photo").set_input_files({"name": "torn.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    visit.presses("See what happens")
    visit.sees("Is this right?")
    assert store.get("/v1/returns").json()["data"] == [], "shown is not done"
    page.screenshot(path=tmp_path / "confirm.png", full_page=True)
    visit.presses("Yes, return it")
    visit.is_told(re.compile("Your return RMA-.*approved"), "status")
    (made,) = store.get("/v1/returns").json()["data"]
    (line,) = made["lines"]
    assert (line["quantity"], len(line["files"]), made["status"]) == (1, 1, "approved")

    visit.presses("Get the label")
    visit.sees("Your return label")
    (label,) = store.get("/v1/return-labels").json()["data"]
    image = page.get_by_role("img", name=label["tracking_number"])
    assert image.evaluate("image => image.naturalWidth") > 400
    page.screenshot(path=tmp_path / "label.png", full_page=True)
    page.evaluate("window.print = () => { window.printed = true }")
    visit.presses("Print the label")
    assert page.evaluate("window.printed")
    printed = pypdfium2.PdfDocument(page.pdf())
    assert len(printed) == 1
    assert {code.text for code in zxingcpp.read_barcodes(printed[0].render(scale=3).to_pil())} >= {
        label["tracking_number"]
    }
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save as PDF").click()
    assert saved.value.suggested_filename == f"{label['rma']}.pdf"
    assert saved.value.path().read_bytes().startswith(b"%PDF-")

    assert page.title() == "Your order · Example Shop"
    with pytest.raises(Error, match="TrustedHTML"):
        page.evaluate(f"document.body.innerHTML = {json.dumps(SCRIPT)}")
    assert visit.opened.strangers(visit.origin, store.app.url) == set()
    refused = [urlsplit(line)[2].rpartition("/")[2] for line in visit.opened.trouble if line.startswith("http")]
    assert refused == ["verify: 403", "1002: 404"]
    assert [line for line in visit.opened.trouble if not line.startswith(("http", "Failed to load resource"))][1:] == []


def test_a_network_that_fails_in_the_middle_of_a_return_makes_no_second_one(visit: Visit) -> None:
    page, store = visit.page, visit.store
    visit.is_signed_in("cust-anna")
    visit.goes("#order=1001")
    visit.sees("Order #1001")
    visit.presses("Return something")
    visit.sees("Return something")
    page.get_by_role("checkbox", name=LONG).press("Space")
    visit.presses("See what happens")
    visit.sees("Is this right?")

    page.clock.install()
    sent: list[str] = []
    page.route("**/v1/returns", losing(sent, answers_lost=1, then_down=True))
    visit.presses("Yes, return it")
    while not page.get_by_role("alert").is_visible():  # the page waits before it tries again
        page.clock.fast_forward(3000)
        page.wait_for_timeout(30)
    visit.is_told("We cannot reach the shop")
    visit.sees("Not finished yet")
    page.reload()
    visit.sees("Not finished yet")
    page.unroute("**/v1/returns")
    page.on("request", lambda request: sent.append(request.headers.get("idempotency-key", "")))
    visit.presses("Try again")
    visit.is_told(re.compile("Your return RMA-.*approved"), "status")
    assert len(sent) > 4
    assert len(set(filter(None, sent))) == 1, "one key for all tries"
    (made,) = store.get("/v1/returns").json()["data"]
    assert made["lines"][0]["quantity"] == 1, "one pair of two: nothing but the key forbids a second return"
    assert len(store.sandbox.effects("open_return")) == 1

    keys: list[str] = []
    page.route("**/v1/return-labels", losing(keys, answers_lost=1))
    visit.presses("Get the label")
    visit.sees("Your return label")
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert len(store.sandbox.effects("label")) == 1


def losing(keys: list[str], *, answers_lost: int, then_down: bool = False) -> Callable[[Route], None]:
    """A network that loses the first answers to what is confirmed, after it was done; then it is down, or well."""

    def handle(route: Route) -> None:
        if "confirmation_token" not in (route.request.post_data or ""):
            route.continue_()
            return
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) <= answers_lost:
            assert route.fetch().status == 201
            route.abort("connectionreset")
        elif then_down:
            with suppress(Error):  # the page was loaded anew, and its request is over
                route.abort("internetdisconnected")
        else:
            route.continue_()

    return handle


def test_who_guesses_is_told_the_same_as_who_knows_and_begins_again_after_five_codes(
    visit: Visit, site: tuple[Path, str]
) -> None:
    visit.goes()
    said: list[str] = []
    for number in ("9999", "1002"):
        visit.asks_for_a_code(number, "anna.keller@example.com")
        said.append(visit.page.locator("#code").inner_text().replace(number, "…"))
        visit.presses("Start again")
    assert said[0] == said[1]
    visit.asks_for_a_code("9999", "anna.keller@example.com")
    for _ in range(5):
        visit.enters("123456")
        visit.is_told("This is not the code")
    visit.enters("123456")
    visit.is_told("Five wrong codes: please start again.")
    visit.sees("Find your order")
    (site[0] / "key.json").unlink()
    visit.page.reload()
    visit.is_told("key.json is missing")
