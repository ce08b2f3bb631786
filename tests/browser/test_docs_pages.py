"""The documentation pages work in a browser that reaches this machine alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.opened import Opened
from tests.support.servers import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def server(run_server: Callable[..., Server], sqlite_url: str) -> Server:
    """A running API."""
    return run_server("serve", database_url=sqlite_url)


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
    assert opened.strangers(server.url) == set()


def test_redoc_shows_every_operation(server: Server, browser: Browser, tmp_path: Path) -> None:
    opened = Opened(browser)
    opened.page.goto(f"{server.url}/redoc")
    opened.page.get_by_role("heading", name="Refund an order").first.wait_for(timeout=90_000)
    assert opened.page.title() == "Aftersale - ReDoc"
    text = opened.page.locator("body").inner_text()
    assert [summary for summary in operations(server, opened).values() if summary not in text] == []
    opened.page.screenshot(path=tmp_path / "redoc.png")
    assert opened.trouble == []
    assert opened.strangers(server.url) == set()


def test_the_browser_of_these_tests_reaches_no_other_machine(browser: Browser) -> None:
    opened = Opened(browser)
    with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
        opened.page.goto("http://shop.example/")
