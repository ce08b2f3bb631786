"""The persons of a shop that the app was taken out of: erased after a grace, where the shop itself says that it is so.

A call that says so is signed over the shop's name alone: kept by somebody and sent again it is as genuine as on the
first day, and its shop may have the app again. So the call is believed as far as the shop bears it out: Shopify takes
back the token of an app that is taken out. While a token is good nothing is erased. It is asked between transactions,
when the call comes and again before the first person is erased.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import ErasureTooEarly, NotConnected
from app.integrations import connecting
from app.integrations.errors import ProviderError, Refused
from app.models.connections import Connection
from app.models.customers import Customer
from app.models.orders import Order
from app.models.privacy_requests import PrivacyRequest
from app.services import privacy_requests
from app.services.connection_checks import account_of
from app.services.privacy import erasing
from app.services.privacy_requests import finish, hand_over
from app.services.runtime import Runtime

log = structlog.get_logger()

AT_ONCE = 10
"""Persons that one transaction erases: others write between two."""
AGAIN = timedelta(hours=1)
UNAUTHORIZED = 401


class _Due(NamedTuple):
    request_id: str
    connections: list[Connection]
    """Those that could still reach the shop."""
    confirmed: bool
    begun: bool


async def tend(runtime: Runtime) -> int:
    """Look after the requests whose time it is; how many."""
    due = await runtime.db.write(_take)
    for one in due:
        gone = True if one.confirmed or one.begun else await _is_gone(runtime, one.connections)
        after, go_on = "", await runtime.db.write(_judge, one.request_id, gone)
        while go_on:
            found = await runtime.db.write(_some, one.request_id, after)
            go_on, after = found is not None, found or ""
    return len(due)


def _take(session: Session) -> list[_Due]:
    query = (
        select(PrivacyRequest)
        .where(
            PrivacyRequest.asked == "shop_redact",
            PrivacyRequest.status.in_(("waiting", "erasing")),
            PrivacyRequest.next_look_at <= clock.now(),
        )
        .order_by(PrivacyRequest.next_look_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    due: list[_Due] = []
    for row in session.scalars(query):
        row.next_look_at = clock.now() + AGAIN  # a process that dies meanwhile leaves it to the next
        shops = [one for one in _shops(session, row) if one.deleted_at is None and _same(session, row, one)]
        due.append(_Due(row.id, shops, row.decided_by is not None, row.status == "erasing"))
    return due


def _shops(session: Session, request: PrivacyRequest) -> list[Connection]:
    """Every connection that may ever have been the store's shop in this mode; of a deleted one its kind tells it."""
    kinds = [kind.name for kind in connecting.every().values() if "commerce" in kind.families]
    query = select(Connection).filter_by(store_id=request.store_id, livemode=request.livemode)
    return list(session.scalars(query.where(Connection.kind.in_(kinds))))


def _same(session: Session, request: PrivacyRequest, other: Connection) -> bool:
    own = session.get_one(Connection, request.connection_id)
    return (other.kind, other.config.get("shop")) == (own.kind, own.config.get("shop"))


async def _is_gone(runtime: Runtime, connections: list[Connection]) -> bool | None:
    """Whether no token for the shop is good; None where that cannot be told now."""
    sure = True
    for row in connections:
        said = await _takes(runtime, row)
        if said:
            return False
        sure = sure and said is not None
    return True if sure else None


async def _takes(runtime: Runtime, row: Connection) -> bool | None:
    """Whether the shop takes this connection's token; None where it does not answer."""
    try:
        account = account_of(runtime, row)
    except NotConnected:
        return None
    try:
        await connecting.every()[row.kind].check(account)
    except Refused as refusal:
        return False if refusal.evidence.get("status") == UNAUTHORIZED else None
    except ProviderError:
        return None
    finally:
        await account.close()
    return True


def _judge(session: Session, request_id: str, gone: bool | None) -> bool:  # noqa: FBT001  a unit of work's argument
    """Whether persons are erased now."""
    request = session.get_one(PrivacyRequest, request_id, with_for_update=True)
    if request.status in privacy_requests.ENDED or gone is None:
        return False
    if not gone:
        finish(session, request, "stopped", {"reason": "app_is_in_the_shop"})
        said = "The app is in the shop, whose token is good: nothing was erased."
        hand_over(session, request, said, "Where the call was not to be expected, renew the app's secret.")
        return False
    if request.starts_at is not None and request.starts_at > clock.now():
        request.next_look_at = request.starts_at
        return False
    if request.decided_by is None and any(not _same(session, request, one) for one in _shops(session, request)):
        request.next_look_at, request.outcome = None, {"reason": "another_shop_was_here"}
        said = "Another shop has been connected here, too: whose person is whose cannot be told."
        hand_over(session, request, said, f"Decide: POST /v1/privacy-requests/{request.id}/decide.")
        return False
    if request.status == "waiting":
        request.move("erasing")
        session.flush()
        caller = privacy_requests.caller_of(session, request)
        privacy_requests.note(session, caller, request, "privacy_request.erasing", {"decided_by": request.decided_by})
    return True


def _some(session: Session, request_id: str, after: str) -> str | None:
    """Erase the next persons behind the id `after`; the last one's, None once all were seen or it was stopped."""
    request = session.get_one(PrivacyRequest, request_id, with_for_update=True)
    if request.status != "erasing":
        return None
    caller = privacy_requests.caller_of(session, request)
    found = _held(session, request, after)
    for ref in found:
        try:
            with session.begin_nested():  # a guest is a customer for as long as it takes to erase them
                guest = session.get_one(Order, ref) if ref.startswith("ord_") else None
                erasing.erase(session, caller, privacy_requests.adopt(session, caller, [guest]).id if guest else ref)
        except ErasureTooEarly:
            continue
        request.erased += 1
    if found:
        return found[-1]
    left = _held(session, request, "")
    if not left:
        finish(session, request, "done", {"persons": request.erased})
        return None
    request.next_look_at = clock.now() + AGAIN
    holding: dict[str, Any] = {"reason": "not_ended", "holds": left}
    if request.outcome != holding:
        request.outcome = holding
        said = f"{request.erased} persons were erased. Of others something has not ended: {', '.join(left)}."
        hand_over(session, request, said, "End or cancel it: they are erased within an hour then.")
    return None


def _held(session: Session, request: PrivacyRequest, after: str) -> list[str]:
    """The next of whom something is held: our ids of customers, and, after all of those, of guests' orders."""
    here = {"store_id": request.store_id, "livemode": request.livemode}
    if not after.startswith("ord_"):
        held = (Customer.external_id, Customer.email_key, Customer.phone_key, Customer.name)
        told = or_(*(column.is_not(None) for column in held))
        query = select(Customer.id).filter_by(**here, merged_into=None).where(told, Customer.id > after)
        if found := session.scalars(query.order_by(Customer.id).limit(AT_ONCE)).all():
            return list(found)
    keys = or_(*(column.is_not(None) for column in (Order.email_key, Order.phone_key, Order.postal_key)))
    guests = select(Order.id).filter_by(**here, customer_id=None).where(keys, Order.id > after)
    return list(session.scalars(guests.order_by(Order.id).limit(AT_ONCE)))
