"""The requests of docs/storefront.md work when they are pasted, one after another; so do the lines of its example."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.servers import COMMAND, Server, answers
from tests.test_commands import Line

ROOT = Path(__file__).resolve().parent.parent
PAGE, _, EXAMPLE = (ROOT / "docs" / "storefront.md").read_text(encoding="utf-8").partition("## An example page")
EXAMPLES_OWN = (ROOT / "examples" / "storefront" / "README.md").read_text(encoding="utf-8")
END = "----8<----"


def pasted(server: Server, data: Path, mailbox: str, folder: Path) -> list[str]:
    """What each block of the page prints, in one shell, on this server."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    script = f"\necho '{END}'\n".join(["set -eu", *blocks])
    for there, here in (
        ("http://127.0.0.1:8000", server.url),
        ("http://127.0.0.1:8001", mailbox),
        (".venv/bin/aftersale", str(COMMAND)),
        (".aftersale/", f"{data}/"),
        ("/tmp/", f"{folder}/"),
    ):
        script = script.replace(there, here)
    environment = {**os.environ, "AFTERSALE_DATA_DIR": str(data)}
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=120, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(END)[1:]


def test_the_requests_of_the_page_lead_from_the_key_to_the_shopper_s_orders(
    run_server: Callable[..., Server], free_port: Callable[[], int], tmp_path: Path
) -> None:
    port = free_port()
    server = run_server("serve", "--demo", environment={"AFTERSALE_SANDBOX_PORT": str(port)})
    said = pasted(server, tmp_path / "data", f"http://127.0.0.1:{port}", tmp_path)
    key, started, verified, signed_in, orders, shown, chat = (found(text) for text in said)
    assert key[0]["key"].startswith("pk_test_")
    assert key[0]["origins"] == ["http://localhost:3000", "https://shop.example"]
    assert started == [{"id": started[0]["id"], "status": "pending_verification"}]
    for session in (verified[0], signed_in[0]):
        assert session["token"].startswith("st_")
        assert (session["status"], session["customer"]) == ("active", verified[0]["customer"])
    status, returns = orders
    assert status["order"]["number"] == "#1002"
    assert returns["data"] == []
    assert shown[0]["code"] == "order_not_pending"
    assert chat[0]["conversation_token"].startswith("cvt_")


def found(text: str) -> list[Any]:
    """The JSON values that stand in a text behind each other."""
    decoder, values, at = json.JSONDecoder(), list[Any](), 0
    while (begins := text.find("{", at)) >= 0:
        value, at = decoder.raw_decode(text, begins)
        values.append(value)
    return values


def test_the_two_lines_of_the_example_make_its_key_and_serve_its_folder(
    sqlite_url: str, free_port: Callable[[], int], tmp_path: Path
) -> None:
    (start,) = re.findall(r"```sh\n(.*?)```", EXAMPLE, re.DOTALL)
    assert len(start.splitlines()) == 2
    assert start in EXAMPLES_OWN, "both pages tell the same"
    Line(tmp_path, AFTERSALE_DATABASE_URL=sqlite_url).gives("stores", "create", "Shop")
    folder = tmp_path / "example"
    shutil.copytree(ROOT / "examples" / "storefront", folder, ignore=shutil.ignore_patterns("key.json"))
    port = free_port()
    script = start.replace(".venv/bin/aftersale", COMMAND).replace("examples/storefront", str(folder))
    script = re.sub(r"\b3000\b", str(port), script)
    environment = {**os.environ, "AFTERSALE_DATA_DIR": str(tmp_path), "AFTERSALE_DATABASE_URL": sqlite_url}
    with (tmp_path / "served.log").open("wb") as log:
        served = subprocess.Popen(
            ["bash", "-c", script], stdout=log, stderr=log, env=environment, cwd=ROOT, start_new_session=True
        )
    try:
        give_up = time.monotonic() + 30
        while not answers(f"http://127.0.0.1:{port}/key.json"):
            assert time.monotonic() < give_up, (tmp_path / "served.log").read_text()
            time.sleep(0.1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/key.json") as answer:
            key = json.load(answer)
        assert key["key"].startswith("pk_test_")
        assert key["origins"] == [f"http://localhost:{port}"]
        assert answers(f"http://127.0.0.1:{port}/js/main.js")
    finally:
        os.killpg(served.pid, signal.SIGTERM)
        served.wait(10)
