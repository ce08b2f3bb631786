"""Let the return window of an order, or of one of its lines, stay open until a date."""

from sqlalchemy.orm import Session

from app.models.credits import WindowExtension
from app.services import orders, windows
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.params import In, Moment, Ref
from app.services.runtime import Runtime


class ExtendParams(In):
    """Which order, which line of it (none: all), until when."""

    order: Ref
    line: Ref | None = None
    until: Moment


async def read(runtime: Runtime, caller: Caller, params: ExtendParams) -> Ready:
    """The order."""
    return Ready(await orders.load(runtime, caller, params.order))


def write(session: Session, caller: Caller, params: ExtendParams, ready: Ready) -> WindowExtension:
    """Decide and note it."""
    assert ready.order_id is not None
    return windows.extend(session, caller, ready.order_id, params.line, params.until)


ACTION = Action(
    name="extend_window",
    description="Let the return window of an order, or of one of its lines, stay open until a date; only the store.",
    params=ExtendParams,
    guard="extend_window",
    proof=2,
    cost="none",
    scope="returns:write",
    route="",
    resource="window_extension",
    status=201,
    read=read,
    write=write,
)
