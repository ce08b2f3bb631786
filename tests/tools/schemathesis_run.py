"""Schemathesis over the whole document: `python -m tests.tools.schemathesis_run [examples [seed]] [-- more]`.

Starts the app on a throw-away SQLite database with the demo shop, takes a key with every scope, and lets Schemathesis
send `examples` (100) requests to each operation, good ones and bad ones, with all of its checks; what is excepted
stands in `schemathesis.toml` beside this file, each with its reason. What follows `--` goes to `schemathesis run`
(`--include-path /v1/refunds`, `--phases fuzzing`). It is no dependency of ours: a virtual environment of its own is
made once under `~/.cache/aftersale`, unless `SCHEMATHESIS` names the program. Exit code 0 only where it found nothing.
"""

from __future__ import annotations

import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

import httpx
import structlog

from tests.support.app import App, Tenant, running, sandbox
from tests.support.databases import Databases
from tests.support.guards import forbid_the_outside

VERSION = "4.32.5"
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


def program() -> str:
    """The program, in an environment of its own that is made where it is not there."""
    named = os.environ.get("SCHEMATHESIS")
    if named:
        return named
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = cache / "aftersale" / f"schemathesis-{VERSION}"
    found = place / "bin" / "schemathesis"
    if not found.exists():
        print(f"making {place}", file=sys.stderr, flush=True)
        venv.create(place, with_pip=True, clear=True)
        subprocess.run(
            [str(place / "bin" / "pip"), "install", "--quiet", f"schemathesis=={VERSION}"], check=True, timeout=900
        )
    return str(found)


def furnish(store: Tenant) -> dict[str, list[str]]:
    """Something of most kinds in the store: what there is by the name of the parameter that takes it."""

    def made(path: str, body: dict[str, Any]) -> str:
        answer = store.post(path, body)
        assert answer.is_success, f"{path}: {answer.text}"
        return str(answer.json()["id"])

    orders = [f"#{number}" for number in range(1001, 1017)]
    rows = [store.get(f"/v1/orders/{order[1:]}").json() for order in orders]
    lines = [line["external_id"] for row in rows for line in row["lines"]]
    back = [{"line_id": rows[place]["lines"][0]["id"], "quantity": 1} for place in (0, 3)]
    returns = [
        made("/v1/returns", {"order": order, "lines": [line]})
        for order, line in zip(("1001", "1004"), back, strict=True)
    ]
    cent = {"amount": 1, "currency": "EUR"}
    desk = {"kind": "crm", "name": "Desk", "credentials": {"secret": "a-secret-of-twenty-and-more"}}
    found = {
        "ref": orders,
        "order": orders,
        "line_id": lines,
        "customer_id": sorted({row["customer"]["id"] for row in rows if row["customer"]}),
        "return_id": returns,
        "label_id": [made("/v1/return-labels", {"return_id": returns[0]})],
        "refund_id": [made("/v1/refunds", {"order": "1001", "amount": cent}) for _ in "ab"],
        "ticket_id": [made("/v1/tickets", {"text": "Hello", "customer": "cust-anna"}) for _ in "abcdef"],
        "policy_id": [made("/v1/policies", {"document": {}}) for _ in "abc"],
        "connection_id": [made("/v1/connections", desk) for _ in "ab"],
        "endpoint_id": [made("/v1/webhook-endpoints", {"url": "https://crm.example.com/"}) for _ in "abc"],
        "agent_id": [made("/v1/agents", {"id": name}) for name in ("kim", "lee")],
        "team_id": [made("/v1/teams", {"id": name}) for name in ("returns", "night")],
        "product_id": sorted({line["product_id"] for row in rows for line in row["lines"] if line["product_id"]}),
        "variant_id": sorted({line["variant_id"] for row in rows for line in row["lines"] if line["variant_id"]}),
    }
    line = {"line_id": rows[0]["lines"][1]["id"], "quantity": 1}
    found["claim_id"] = [made("/v1/claims", {"order": "1001", "lines": [{**line, "kind": "damaged"}]})]
    found["withdrawal_id"] = [made("/v1/withdrawals", {"order": "1002"})]
    store.rest()
    for name, path in (("operation_id", "operations"), ("decision_id", "decisions"), ("approval_id", "approvals")):
        found[name] = [row["id"] for row in store.get(f"/v1/{path}").json()["data"]]
    return {name: values for name, values in found.items() if values}


def told(known: dict[str, list[str]]) -> str:
    """The configuration: the one beside this file, and what stands in the store, for seven requests in ten."""
    parts = [CONFIGURATION.read_text(encoding="utf-8")]
    bound: list[str] = []
    for name, values in known.items():
        parts.append(f"[dictionaries.{name}]\nvalues = {json.dumps(values)}\n")
        places = [f"path.{name}", f"body.{name}", f"body.lines[*].{name}", f"query.{name}"]
        bound += [f'"{place}" = {{ dictionary = "{name}", probability = 0.7 }}' for place in places]
    return "\n".join([*parts, "[parameters]", *bound, ""])


def run(app: App, store: Tenant, examples: int, seed: int, more: list[str], folder: Path) -> int:
    """Schemathesis against the app: its exit code."""
    document, configuration = folder / "openapi.json", folder / "schemathesis.toml"
    document.write_bytes(httpx.get(f"{app.url}/openapi.json", trust_env=False).content)
    configuration.write_text(told(furnish(store)), encoding="utf-8")
    command = [program(), "--config-file", str(configuration), "run", str(document), "--url", app.url]
    command += ["--max-examples", str(examples), "--seed", str(seed), "--checks", "all", *more]
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return subprocess.run(
        command, check=False, cwd=folder, env={**environment, "NO_COLOR": "1", "AFTERSALE_KEY": store.key}
    ).returncode


def main() -> int:
    """Run it; what it found is printed by it, how long it took by us."""
    own, more = sys.argv[1:], []
    if "--" in own:
        own, more = own[: own.index("--")], own[own.index("--") + 1 :]
    examples = int(own[0]) if own else 100
    seed = int(own[1]) if len(own) > 1 else random.SystemRandom().randrange(10**6)
    program()
    forbid_the_outside()  # of this process, which is the server: made-up addresses of webhooks and connections
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    began, databases = time.monotonic(), Databases.begin()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            url = databases.migrated_sqlite(folder / "aftersale.db")
            with sandbox(folder / "sandbox.db") as at, running(url, at, data_dir=folder, call_seconds=20.0) as app:
                code = run(app, app.store(), examples, seed, more, folder)
    finally:
        databases.end()
    seconds = time.monotonic() - began
    print(f"schemathesis {VERSION}: {examples} examples an operation, seed {seed}, {seconds:.0f} s, exit code {code}")
    return code


if __name__ == "__main__":
    sys.exit(main())
