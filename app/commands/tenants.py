"""`aftersale stores …` and `aftersale keys …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from pydantic import ValidationError

from app.commands.means import with_database

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.models.stores import Store

Fields = dict[str, Any]


def create_store(
    name: str,
    fields: Fields,
    policy: Fields | None,
    return_address: Fields | None,
    *,
    delays: Fields | None = None,
    service_levels: Fields | None = None,
) -> Fields:
    """A new store."""
    from app.services import stores

    checked = _policy(policy)
    given = {**_fields(fields), "return_address": _address(return_address or {}), "delays": _delays(delays or {})}
    given |= _levels(service_levels)
    _sold_in(given.get("currencies", ()), checked)

    def work(session: Session) -> Fields:
        return _store_view(stores.create(session, name, policy=checked, **given))

    return with_database(work)


def change_store(
    store_id: str,
    fields: Fields,
    policy: Fields | None,
    return_address: Fields | None,
    *,
    delays: Fields | None = None,
    service_levels: Fields | None = None,
) -> Fields:
    """A store with other settings."""
    from app.services import stores

    checked = _policy(policy)
    given = {**_fields(fields), **_levels(service_levels)}
    if return_address is not None:
        given["return_address"] = _address(return_address)
    if delays is not None:
        given["delays"] = _delays(delays)

    def work(session: Session) -> Fields:
        store = known_store(session, store_id)
        _sold_in(given.get("currencies", store.currencies), checked)
        stores.change(session, store, policy=checked, **given)
        return _store_view(store)

    return with_database(work)


def known_store(session: Session, store_id: str) -> Store:
    """The store with that id, or a sentence that there is none."""
    from app.models.stores import Store

    store = session.get(Store, store_id)
    if store is None:
        raise click.ClickException(f"no store {store_id}")
    return store


def list_stores() -> list[Fields]:
    """Every store."""
    from sqlalchemy import select

    from app.models.stores import Store

    def work(session: Session) -> list[Fields]:
        return [_store_view(row) for row in session.scalars(select(Store).order_by(Store.id))]

    return with_database(work)


def _store_view(store: Any) -> Fields:
    names = ("id", "name", "timezone", "locale", "country_code", "currencies", "sandbox_shop")
    names += ("return_address", "policy", "delays", "service_levels")
    return {name: getattr(store, name) for name in names}


# ---- what is given, checked ---------------------------------------------------------------------------------------


def _policy(given: Fields | None) -> Any:
    from app.services.policy.plain import Policy

    if given is None:
        return None
    try:
        return Policy.model_validate(given)
    except ValidationError as error:
        raise click.ClickException(_told("the policy is refused", error)) from error


def _sold_in(currencies: Sequence[str], policy: Any) -> None:
    foreign = sorted(set(policy.caps if policy is not None else ()) - set(currencies)) if currencies else []
    if foreign:
        raise click.ClickException(f"the policy is refused: /caps/{foreign[0]}: the store does not sell in it")


def _address(given: Fields) -> Fields:
    from app.integrations.commerce.contract import Address

    unknown = sorted(set(given) - set(Address.model_fields))
    if unknown:
        raise click.ClickException(f"the return address is refused: it has no field {', '.join(unknown)}")
    try:
        Address.model_validate(given)
    except ValidationError as error:
        raise click.ClickException(_told("the return address is refused", error)) from error
    return given


def _delays(given: Fields) -> Fields:
    from app.services.delays import DelayRules

    try:
        DelayRules.model_validate(given)
    except ValidationError as error:
        raise click.ClickException(_told("the delays are refused", error)) from error
    return given


def _levels(given: Fields | None) -> Fields:
    """What the store promises, as it was given; checked."""
    from app.services.service_levels import ServiceLevels

    if given is None:
        return {}
    try:
        ServiceLevels.model_validate(given)
    except ValidationError as error:
        raise click.ClickException(_told("the service levels are refused", error)) from error
    return {"service_levels": given}


def _told(what: str, error: ValidationError) -> str:
    lines = [f"/{'/'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
    return "\n".join([f"{what}:", *lines])


def _fields(given: Fields) -> Fields:
    """The fields as they are, if each can be meant."""
    from zoneinfo import available_timezones

    from babel import Locale, UnknownLocaleError

    from app.money import known_currencies
    from app.sandbox.store import is_shop_name

    timezone, locale, country = (given.get(name) for name in ("timezone", "locale", "country_code"))
    if timezone is not None and timezone not in available_timezones():
        raise click.ClickException(f"{timezone} is not a time zone: write it as Europe/Berlin")
    try:
        if locale is not None:
            Locale.parse(locale, sep="-")
    except (ValueError, UnknownLocaleError) as error:
        raise click.ClickException(f"{locale} is not a locale: write it as de or de-DE") from error
    if country is not None and not (len(country) == 2 and country.isascii() and country.isupper()):
        raise click.ClickException(f"{country} is not a country: two capital letters, ISO 3166-1")
    unknown = sorted(set(given.get("currencies") or ()) - known_currencies())
    if unknown:
        raise click.ClickException(f"{unknown[0]} is not a currency: three capital letters, ISO 4217")
    if given.get("sandbox_shop") is not None and not is_shop_name(given["sandbox_shop"]):
        raise click.ClickException(f"{given['sandbox_shop']!r} is no shop's name: 1 to 64 of A-Z a-z 0-9 _ . -")
    return dict(given)


# ---- keys -------------------------------------------------------------------------------------------------------


def create_key(store_id: str, name: str, *, live: bool, scopes: tuple[str, ...]) -> Fields:
    """A new secret key, shown this once."""
    from app.models.stores import SCOPES
    from app.services import stores

    def work(session: Session) -> Fields:
        store = known_store(session, store_id)
        try:
            key, secret = stores.issue_key(session, store, name=name, livemode=live, scopes=scopes or SCOPES)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        return {"id": key.id, "key": secret, "scopes": key.scopes, "livemode": key.livemode}

    return with_database(work)


def list_keys(store_id: str) -> list[Fields]:
    """A store's keys without the secrets."""
    from sqlalchemy import select

    from app.models.stores import ApiKey
    from app.services.stores import origins_of

    def work(session: Session) -> list[Fields]:
        return [
            _key_view(row, origins_of(session, row.id))
            for row in session.scalars(select(ApiKey).where(ApiKey.store_id == store_id).order_by(ApiKey.id))
        ]

    return with_database(work)


def _key_view(key: Any, origins: list[str]) -> Fields:
    plain = {name: getattr(key, name) for name in ("id", "name", "kind", "prefix", "livemode", "scopes")}
    plain["origins"] = origins
    times = {name: getattr(key, name) for name in ("created_at", "last_used_at", "expires_at", "revoked_at")}
    return {**plain, **{name: None if time is None else time.isoformat() for name, time in times.items()}}


def revoke_key(key_id: str) -> Fields:
    """Revoke a key."""
    from app.models.stores import ApiKey
    from app.services import stores

    def work(session: Session) -> Fields:
        key = session.get(ApiKey, key_id)
        if key is None:
            raise click.ClickException(f"no key {key_id}")
        stores.revoke_key(session, key)
        return {"id": key.id, "revoked": True}

    return with_database(work)
