"""The kinds of connections as callers see them."""

from __future__ import annotations

from typing import Any

from app.integrations import connecting


def listed(*, livemode: bool) -> list[dict[str, Any]]:
    """Every kind that there is in this mode, by its name."""
    return [
        {
            "name": kind.name,
            "description": kind.description,
            "families": list(kind.families),
            "config": kind.config.model_json_schema(),
            "credentials": kind.credentials.model_json_schema(),
            "inbound": kind.inbound is not None,
        }
        for _, kind in sorted(connecting.every().items())
        if not (kind.test_only and livemode)
    ]
