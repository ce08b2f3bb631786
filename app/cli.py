"""`aftersale serve | worker | sync | migrate | backup | stores | keys | connections | openapi | doctor | …`."""

import json
import sys
from pathlib import Path
from typing import Any, cast

import click

from app.commands import backups, connected, diagnosis, serving, storefronts, syncing, tenants
from app.commands import sandbox as sandboxes

WORDS = {"ok": "ok", "warn": "HM", "bad": "BAD"}


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
@click.option("--store", "store_id", help="One store; without it: every one.")
@click.option("--connection", help="One connection that is a store's shop (con_…), or `sandbox`.")
@click.option("--since", help="Orders that changed since a day or time; without it: since the last sync, else all.")
def sync(store_id: str | None, connection: str | None, since: str | None) -> None:
    """Fill our copy of the shops' orders; stopped in the middle it goes on there. Ends with 1 where a shop is away."""
    sys.exit(0 if syncing.sync(store_id, connection, syncing.moment(since)) else 1)


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    serving.migrate()


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write databases and files of the embedded default into FILE (.tar or .tar.gz), also while it serves."""
    _show(backups.backup(file))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Move data that is there aside.")
def restore(file: Path, force: bool) -> None:  # noqa: FBT001  as above
    """Put the backup FILE back: verified, migrated; not over a running server."""
    _show(backups.restore(file, force=force))


@main.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    click.echo(json.dumps(diagnosis.openapi(), indent=2, ensure_ascii=False))


@main.command()
def doctor() -> None:
    """Say what is wrong: settings, disk, database, engine, sandbox, clocks, audit trail, what is stuck."""
    findings = diagnosis.doctor()
    for finding in findings:
        click.echo(f"{WORDS[finding.level]:<4}{finding.name}: {finding.text}")
    sys.exit(1 if any(finding.level == "bad" for finding in findings) else 0)


LEVELS = click.option(
    "--service-levels",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON: how soon tickets are answered, in which hours.",
)


@main.group()
def stores() -> None:
    """Make and change stores."""


@stores.command("create")
@click.argument("name")
@click.option("--timezone", default="UTC", show_default=True)
@click.option("--locale", default="en", show_default=True)
@click.option("--country", default="DE", show_default=True, help="ISO 3166-1 alpha-2, for phone numbers without code.")
@click.option("--sandbox-shop", default="demo", show_default=True, help="Which shop of the sandbox is the test data.")
@click.option("--currency", "currencies", multiple=True, help="ISO 4217, what it sells in; may be repeated. None: any.")
@click.option("--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON: rules and caps.")
@click.option("--return-address", help="JSON: where returns go.")
@click.option("--delays", help="JSON: when a parcel is late, and whether a ticket is opened.")
@LEVELS
def create_store(
    name: str,
    timezone: str,
    locale: str,
    country: str,
    sandbox_shop: str,
    currencies: tuple[str, ...],
    policy: Path | None,
    return_address: str | None,
    delays: str | None,
    service_levels: Path | None,
) -> None:
    """Make a store."""
    plain = {"timezone": timezone, "locale": locale, "country_code": country, "sandbox_shop": sandbox_shop}
    fields = {**plain, "currencies": list(currencies)}
    address, late = _object(return_address, "--return-address"), _object(delays, "--delays")
    made = tenants.create_store(name, fields, _json(policy), address, delays=late, service_levels=_json(service_levels))
    _show(made)


@stores.command("set")
@click.argument("store_id")
@click.option("--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON: rules and caps.")
@click.option("--return-address", help="JSON: where returns go.")
@click.option("--delays", help="JSON: when a parcel is late, and whether a ticket is opened; replaces what was set.")
@LEVELS
@click.option("--name")
@click.option("--timezone")
@click.option("--locale")
@click.option("--country", "country_code")
@click.option("--sandbox-shop")
@click.option("--currency", "currencies", multiple=True, help="ISO 4217, what it sells in; may be repeated.")
def set_store(
    store_id: str,
    policy: Path | None,
    return_address: str | None,
    delays: str | None,
    service_levels: Path | None,
    currencies: tuple[str, ...],
    **fields: str | None,
) -> None:
    """Change a store's settings."""
    given: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    if currencies:
        given["currencies"] = list(currencies)
    address, late = _object(return_address, "--return-address"), _object(delays, "--delays")
    made = tenants.change_store(
        store_id, given, _json(policy), address, delays=late, service_levels=_json(service_levels)
    )
    _show(made)


@stores.command("list")
def list_stores() -> None:
    """Every store."""
    for row in tenants.list_stores():
        _show(row)


@stores.command("add-signing-key")
@click.argument("store_id")
@click.option("--name", default="storefront", show_default=True)
@click.option("--live", is_flag=True, help="For live data instead of test data.")
@click.option("--algorithm", type=click.Choice(["HS256", "ES256"]), default="ES256", show_default=True)
@click.option(
    "--from-file",
    "material",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="ES256: the public key as PEM. HS256: the shared secret; without it one is made and shown once.",
)
def add_signing_key(store_id: str, name: str, live: bool, algorithm: str, material: Path | None) -> None:  # noqa: FBT001  as above
    """Add a key with which a storefront signs JWTs, to vouch for who is signed in there."""
    _show(storefronts.add_signing_key(store_id, name, live=live, algorithm=algorithm, material=material))


@stores.command("list-signing-keys")
@click.argument("store_id")
def list_signing_keys(store_id: str) -> None:
    """A store's signing keys, without their secrets."""
    for row in storefronts.list_signing_keys(store_id):
        _show(row)


@stores.command("revoke-signing-key")
@click.argument("key_id")
def revoke_signing_key(key_id: str) -> None:
    """Revoke a signing key; what it has signed is refused from the next request on."""
    _show(storefronts.revoke_signing_key(key_id))


@main.group()
def keys() -> None:
    """Make and revoke keys."""


@keys.command("create")
@click.argument("store_id")
@click.option("--name", default="key", show_default=True)
@click.option("--live", is_flag=True, help="A live key instead of a test key.")
@click.option("--scope", "scopes", multiple=True, help="Repeat for each scope; without it: all.")
@click.option("--publishable", is_flag=True, help="A key for web pages: it starts shopper sessions and chats.")
@click.option("--origin", "origins", multiple=True, help="Repeat for each site whose pages hold a publishable key.")
def create_key(
    store_id: str,
    name: str,
    live: bool,  # noqa: FBT001  as above
    scopes: tuple[str, ...],
    publishable: bool,  # noqa: FBT001
    origins: tuple[str, ...],
) -> None:
    """Make a key; a secret one is shown once and kept nowhere."""
    if publishable != bool(origins) or (publishable and scopes):
        raise click.ClickException("--publishable goes with --origin https://shop.example, --scope with a secret key")
    if publishable:
        _show(storefronts.create_key(store_id, name, live=live, origins=origins))
    else:
        _show(tenants.create_key(store_id, name, live=live, scopes=scopes))


@keys.command("set")
@click.argument("key_id")
@click.option("--origin", "origins", multiple=True, required=True, help="Repeat for each; those before are dropped.")
def set_key(key_id: str, origins: tuple[str, ...]) -> None:
    """Change the sites whose pages hold a publishable key."""
    _show(storefronts.set_origins(key_id, origins))


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
def connections() -> None:
    """Connections: how their credentials are kept."""


@connections.command("rotate-keys")
def rotate_keys() -> None:
    """Seal every credential with the newest of AFTERSALE_ENCRYPTION_KEYS; afterwards the older ones can go."""
    told = connected.rotate_keys()
    _show(told)
    sys.exit(1 if told["unreadable"] else 0)


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
