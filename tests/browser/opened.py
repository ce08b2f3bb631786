"""A page in a browser, and everything that it asked for, said and failed at."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page

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


class Opened:
    """A page and everything that it asked for, said and failed at."""

    def __init__(self, browser: Browser, width: int = 1280, height: int = 1600) -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": height})
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

    def strangers(self, *ours: str) -> set[str]:
        """What was asked of anybody but `ours`."""
        return {url for url in self.asked if not url.startswith((*ours, "data:", "blob:"))}
