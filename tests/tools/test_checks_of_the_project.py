"""What `make check` looks for besides types: credentials in files, and releases with known advisories."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools import audit_dependencies, scan_secrets

PLANTED = {
    "ours.py": 'KEY = "sk_' + 'live_5Dil2ZAyDdYbIHqiGDuy84KOPxOBhCH30YADByHXNKQ"',
    "cloud.env": "AWS_ACCESS_KEY_ID=AKIA" + "IOSFODNN7EXAMPLE",
    "id.pem": "-----BEGIN RSA PRIVATE" + " KEY-----",
}


def test_a_planted_credential_is_found(tmp_path: Path) -> None:
    for name, text in PLANTED.items():
        (tmp_path / name).write_text(text + "\n", encoding="utf-8")
    (tmp_path / "random.py").write_text('TOKEN = "9f86d081884c7d659a2feaa0c55ad015"\n', encoding="utf-8")
    found = scan_secrets.findings(scan_secrets.scanned([*PLANTED, "random.py"], tmp_path))
    assert {name for name, _, _ in found} == set(PLANTED)


def test_what_is_new_fails_the_check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"type": "Stripe Access Key", "hashed_secret": "0" * 40, "line_number": 7}
    monkeypatch.setattr(scan_secrets, "scanned", lambda names: {"results": {"app/main.py": [row]}})
    assert scan_secrets.main([]) == 1
    assert "app/main.py:7: Stripe Access Key" in capsys.readouterr().out
    monkeypatch.setattr(scan_secrets, "scanned", lambda names: {"results": {}})
    assert scan_secrets.main([]) == 0


def test_every_file_that_is_committed_is_looked_at() -> None:
    names = scan_secrets.files()
    assert {"app/main.py", "compose.yaml", "docs/contributing.md"} <= set(names)
    assert not any(name.startswith((".venv/", "clients/typescript/node_modules/")) for name in names)


def test_an_advisory_fails_the_audit_and_silence_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flaw = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    answers = {
        "requirements.lock": [{"name": "sound", "version": "1", "vulns": []}, {"name": "x", "skip_reason": "unknown"}],
        "requirements-dev.lock": [{"name": "struck", "version": "1.0", "vulns": [flaw]}],
    }
    monkeypatch.setattr(audit_dependencies, "asked", answers.__getitem__)
    assert audit_dependencies.main() == 1
    said = capsys.readouterr().out
    assert "struck 1.0: PYSEC-1, mended in 2.0" in said
    assert "requirements.lock: NOT AUDITED: 1 releases" in said
    monkeypatch.setattr(audit_dependencies, "asked", lambda lock: "no network")
    assert audit_dependencies.main() == 0
    assert capsys.readouterr().out.count("NOT AUDITED: no network") == 2
