"""`aftersale serve | worker | migrate | stores | keys | openapi | doctor` and `aftersale sandbox …`."""

import json
import sys
from pathlib import Path
from typing import Any, cast

import click

from app.commands import diagnosis, serving, tenants
from app.commands import sandbox as sandboxes


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Headless support automation for online stores."""


@main.command()
@click.option("--demo", is_flag=True, help="Migrate, start the sandbox, make demo data and print what to paste.")
@click.option("--workers", default=1, show_default=True, help="Processes; only with PostgreSQL more than one.")
def serve(demo: bool, workers: int) -> None:  # noqa: FBT001  click passes by name
    """Serve the API; on SQLite the engine works in the same process."""
    serving.serve(demo=demo, workers=workers)


@main.command()
def worker() -> None:
    """Work on operations (PostgreSQL; as many of these as you like)."""
    serving.worker()


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    serving.migrate()


@main.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    click.echo(json.dumps(diagnosis.openapi(), indent=2, ensure_ascii=False))


@main.command()
def doctor() -> None:
    """Say what is wrong with settings, database, engine, sandbox and audit trail."""
    findings = diagnosis.doctor()
    for finding in findings:
        click.echo(f"{'ok ' if finding.good else 'BAD'} {finding.name}: {finding.text}")
    sys.exit(0 if all(finding.good for finding in findings) else 1)


@main.group()
def stores() -> None:
    """Make and change stores."""


@stores.command("create")
@click.argument("name")
@click.option("--timezone", default="UTC", show_default=True)
@click.option("--locale", default="en", show_default=True)
@click.option("--country", default="DE", show_default=True, help="ISO 3166-1 alpha-2, for phone numbers without code.")
@click.option("--sandbox-shop", default="demo", show_default=True, help="Which shop of the sandbox is the test data.")
@click.option("--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON: rules and caps.")
@click.option("--return-address", help="JSON: where returns go.")
def create_store(
    name: str,
    timezone: str,
    locale: str,
    country: str,
    sandbox_shop: str,
    policy: Path | None,
    return_address: str | None,
) -> None:
    """Make a store."""
    fields = {"timezone": timezone, "locale": locale, "country_code": country, "sandbox_shop": sandbox_shop}
    _show(tenants.create_store(name, fields, _json(policy), _object(return_address, "--return-address")))


@stores.command("set")
@click.argument("store_id")
@click.option("--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON: rules and caps.")
@click.option("--return-address", help="JSON: where returns go.")
@click.option("--name")
@click.option("--timezone")
@click.option("--locale")
@click.option("--country", "country_code")
@click.option("--sandbox-shop")
def set_store(store_id: str, policy: Path | None, return_address: str | None, **fields: str | None) -> None:
    """Change a store's settings."""
    given = {name: value for name, value in fields.items() if value is not None}
    _show(tenants.change_store(store_id, given, _json(policy), _object(return_address, "--return-address")))


@stores.command("list")
def list_stores() -> None:
    """Every store."""
    for row in tenants.list_stores():
        _show(row)


@main.group()
def keys() -> None:
    """Make and revoke secret keys."""


@keys.command("create")
@click.argument("store_id")
@click.option("--name", default="key", show_default=True)
@click.option("--live", is_flag=True, help="A live key instead of a test key.")
@click.option("--scope", "scopes", multiple=True, help="Repeat for each scope; without it: all.")
def create_key(store_id: str, name: str, live: bool, scopes: tuple[str, ...]) -> None:  # noqa: FBT001  as above
    """Make a key; it is shown once and kept nowhere."""
    _show(tenants.create_key(store_id, name, live=live, scopes=scopes))


@keys.command("list")
@click.argument("store_id")
def list_keys(store_id: str) -> None:
    """A store's keys, without the secrets."""
    for row in tenants.list_keys(store_id):
        _show(row)


@keys.command("revoke")
@click.argument("key_id")
def revoke_key(key_id: str) -> None:
    """Revoke a key; it stops working with the next request."""
    _show(tenants.revoke_key(key_id))


@main.group()
def sandbox() -> None:
    """The sandbox: a shop, a carrier, a payment provider and a mailbox."""


@sandbox.command("serve")
@click.option("--until-eof", is_flag=True, help="Stop when standard input ends (the parent is gone).")
def serve_sandbox(until_eof: bool) -> None:  # noqa: FBT001  as above
    """Serve the sandbox."""
    sandboxes.serve_sandbox(until_eof=until_eof)


@sandbox.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shop", default="demo", show_default=True)
def import_shop(path: Path, shop: str) -> None:
    """Replace a shop with a file's content."""
    _show(sandboxes.import_shop(shop, path))


@sandbox.command("export")
@click.option("--shop", default="demo", show_default=True)
def export_shop(shop: str) -> None:
    """Print a shop in the import format."""
    _show(sandboxes.export_shop(shop))


@sandbox.command("reset")
@click.option("--shop", default="demo", show_default=True)
def reset_shop(shop: str) -> None:
    """Bring a shop back to its last import."""
    _show(sandboxes.reset_shop(shop))


def _json(path: Path | None) -> dict[str, Any] | None:
    return None if path is None else _object(path.read_text(encoding="utf-8"), str(path))


def _object(text: str | None, where: str) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        value: Any = json.loads(text)
    except ValueError as error:
        raise click.ClickException(f"{where} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise click.ClickException(f"{where} is not a JSON object")
    return cast("dict[str, Any]", value)


def _show(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


if __name__ == "__main__":
    main()
