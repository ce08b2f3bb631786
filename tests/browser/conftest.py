"""The browser of these tests: one per module."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.opened import FLAGS


@pytest.fixture(scope="module")
def browser(chromium: str) -> Generator[Browser]:
    """The system's Chromium with a profile of its own."""
    expect.set_options(timeout=20_000)  # the suite runs in more processes than there are cores
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
        yield opened
        opened.close()
