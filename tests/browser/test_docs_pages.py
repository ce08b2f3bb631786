"""The documentation pages work in a browser that reaches this machine alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.servers import Server

pytestmark = pytest.mark.browser
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
"""The last one closes the way out: no name is found, and only this machine answers."""


@pytest.fixture
def server(run_server: Callable[..., Server], sqlite_url: str) -> Server:
    """A running API."""
    return run_server("serve", database_url=sqlite_url)


@pytest.fixture
def browser(chromium: str) -> Generator[Browser]:
    """The system's Chromium with a profile of its own."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
        yield opened
        opened.close()


class Opened:
    """A page and everything that it asked for, said and failed at."""

    def __init__(self, browser: Browser) -> None:
        self.page: Page = browser.new_page(viewport={"width": 1280, "height": 1600})
        self.asked: list[str] = []
        self.trouble: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("requestfailed", lambda request: self.trouble.append(f"{request.url}: {request.failure}"))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("console", self._said)
        self.page.on("response", self._answered)

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.trouble.append(message.text)

    def _answered(self, response: Any) -> None:
        if response.status >= 400:
            self.trouble.append(f"{response.url}: {response.status}")


def operations(server: Server, opened: Opened) -> dict[str, str]:
    """Each operation's and each webhook's summary by its id, as the server tells them."""
    document = json.loads(opened.page.request.get(f"{server.url}/openapi.json").text())
    return {
        operation.get("operationId", name): operation["summary"]
        for name, path in {**document["paths"], **document["webhooks"]}.items()
        for operation in path.values()
    }


def test_docs_shows_every_operation_and_opens_one(server: Server, browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser)
    opened.page.goto(f"{server.url}/docs")
    opened.page.wait_for_selector(".opblock", timeout=90_000)
    assert opened.page.title() == "Aftersale - Swagger UI"
    assert opened.page.locator(".opblock").count() == len(operations(server, opened)) > 30
    opened.page.screenshot(path=tmp_path / "docs.png")
    refund = opened.page.locator(".opblock", has_text="/v1/refunds").filter(has_text="Refund an order")
    refund.locator(".opblock-summary-control").click()
    refund.get_by_text("Idempotency-Key").first.wait_for()
    assert '"order"' in refund.locator(".body-param__example").first.inner_text()
    opened.page.screenshot(path=tmp_path / "docs-refund.png", full_page=True)
    assert opened.trouble == []
    assert {url for url in opened.asked if not url.startswith((server.url, "data:", "blob:"))} == set()


def test_redoc_shows_every_operation(server: Server, browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser)
    opened.page.goto(f"{server.url}/redoc")
    opened.page.get_by_role("heading", name="Refund an order").first.wait_for(timeout=90_000)
    assert opened.page.title() == "Aftersale - ReDoc"
    text = opened.page.locator("body").inner_text()
    assert [summary for summary in operations(server, opened).values() if summary not in text] == []
    opened.page.screenshot(path=tmp_path / "redoc.png")
    assert opened.trouble == []
    assert {url for url in opened.asked if not url.startswith((server.url, "data:", "blob:"))} == set()


def test_the_browser_of_these_tests_reaches_no_other_machine(browser: Browser) -> None:
    opened = Opened(browser)
    with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
        opened.page.goto("http://shop.example/")
