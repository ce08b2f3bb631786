"""What the live tests are run against is named exactly, and by no registry."""

import json
import re

from tests.live import packages


def test_the_lock_names_exact_versions_and_no_registry():
    text = (packages.HERE / "package-lock.json").read_text(encoding="utf-8")
    assert not re.search(r"https?://", text), "npm writes down where money may be given, too: take that out"
    lock = json.loads(text)
    found = {name: package for name, package in lock["packages"].items() if name}
    assert len(found) > 10
    assert [name for name, package in found.items() if "resolved" in package] == []
    assert [name for name, package in found.items() if not package["integrity"].startswith("sha512-")] == []
    wanted = json.loads((packages.HERE / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert {name: found[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert not re.search(r"https?://", (packages.HERE / ".npmrc").read_text(encoding="utf-8"))
