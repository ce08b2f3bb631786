"""A store's people and teams, and whether a ticket can be given to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, errors, ids
from app.database import insert_missing
from app.errors import AppError, Invalid
from app.models.agents import Agent, Team
from app.services import audit, events
from app.services.callers import Caller

Person = Agent | Team
People = type[Agent] | type[Team]
PREFIX: dict[People, str] = {Agent: "agt", Team: "tea"}
KIND: dict[People, str] = {Agent: "agent", Team: "team"}
_MISSING: dict[People, type[AppError]] = {Agent: errors.AgentNotFound, Team: errors.TeamNotFound}
_THERE: dict[People, type[AppError]] = {Agent: errors.AgentExists, Team: errors.TeamExists}


def create(session: Session, caller: Caller, model: People, handle: str, fields: dict[str, Any]) -> Person:
    """A new person or team; raises `agent_exists` or `team_exists`."""
    _check_teams(session, caller, fields)
    now = clock.now()
    row = {
        "id": ids.new(PREFIX[model]),
        "store_id": caller.store_id,
        "livemode": caller.livemode,
        "created_at": now,
        "updated_at": now,
        "handle": handle,
        "active": True,
        "event_sequence": 0,
        **fields,
    }
    if not insert_missing(session, model, row):
        raise _THERE[model]
    made = session.get_one(model, row["id"])
    events.record(session, f"{KIND[model]}.created", made, view(made))
    _note(session, caller, made, "created", {"fields": sorted(fields)})
    return made


def change(session: Session, caller: Caller, model: People, handle: str, fields: dict[str, Any]) -> Person:
    """Set fields; one event that tells what they were."""
    found = get(session, caller, model, handle, lock=True)
    _check_teams(session, caller, fields)
    before = {name: getattr(found, name) for name, value in fields.items() if getattr(found, name) != value}
    if not before:
        return found
    for name in before:
        setattr(found, name, fields[name])
    found.updated_at = clock.now()
    session.flush()
    events.record(session, f"{KIND[model]}.updated", found, view(found), previous=before)
    _note(session, caller, found, "changed", {"fields": sorted(before)})
    return found


def _note(session: Session, caller: Caller, row: Person, verb: str, evidence: dict[str, Any]) -> None:
    kind = KIND[type(row)]
    audit.write(
        session,
        action=f"{kind}.{verb}",
        subject_type=kind,
        subject_id=row.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"handle": row.handle, **evidence},
        request_id=caller.request_id,
    )


def get(session: Session, caller: Caller, model: People, handle: str, *, lock: bool = False) -> Person:
    """By the id that the store gave; `agent_not_found` or `team_not_found` where this store has none such."""
    query = select(model).where(
        model.store_id == caller.store_id, model.livemode == caller.livemode, model.handle == handle
    )
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise _MISSING[model]
    return found


def listed(session: Session, caller: Caller, model: People, before: str | None, limit: int) -> Sequence[Person]:
    """Newest first, from behind our own id `before`."""
    query = select(model).where(model.store_id == caller.store_id, model.livemode == caller.livemode)
    if before is not None:
        query = query.where(model.id < before)
    return session.scalars(query.order_by(model.id.desc()).limit(limit)).all()


def check(session: Session, caller: Caller, *, assignee: str | None = None, team: str | None = None) -> None:
    """Raise 422 where a ticket is given to somebody whom the store's list does not have, or has no more.

    A store that lists nobody takes any id, as it does in `Aftersale-Actor`; the same goes for teams.
    """
    if assignee is not None and not _takes(session, caller, Agent, assignee):
        raise _unknown("assignee", "unknown_agent", "is no active agent of this store")
    if team is not None and not _takes(session, caller, Team, team):
        raise _unknown("team", "unknown_team", "is no active team of this store")


def _takes(session: Session, caller: Caller, model: People, handle: str) -> bool:
    mine = (model.store_id == caller.store_id, model.livemode == caller.livemode)
    found = session.scalar(select(model.active).where(*mine, model.handle == handle))
    return found or (found is None and session.scalar(select(model.id).where(*mine).limit(1)) is None)


def _check_teams(session: Session, caller: Caller, fields: dict[str, Any]) -> None:
    teams: list[str] = fields.get("teams") or []
    mine = (Team.store_id == caller.store_id, Team.livemode == caller.livemode)
    known = set(session.scalars(select(Team.handle).where(*mine, Team.handle.in_(teams)))) if teams else set[str]()
    if set(teams) - known:
        raise _unknown("teams", "unknown_team", "names a team that this store does not have")


def _unknown(field: str, code: str, detail: str) -> Invalid:
    return Invalid(errors=[{"pointer": f"/{field}", "code": code, "detail": detail}])


def view(row: Person) -> dict[str, Any]:
    """As the contract shows it; `id` is the store's own."""
    shown: dict[str, Any] = {
        "id": row.handle,
        "livemode": row.livemode,
        "name": row.name,
        "active": row.active,
        "created_at": clock.rfc3339(row.created_at),
        "updated_at": clock.rfc3339(row.updated_at),
    }
    return shown if isinstance(row, Team) else {**shown, "email": row.email, "teams": row.teams}
