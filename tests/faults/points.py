"""Where a process may be killed: every await, every use of a transaction, every commit on the way of the sagas."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache

from tests.faults.launcher import ROOT

SAGA = (
    "app/services/refunds.py",
    "app/services/refund_guard.py",
    "app/services/refund_settlements.py",
    "app/services/refund_views.py",
    "app/services/labels.py",
    "app/services/label_files.py",
    "app/services/label_views.py",
    "app/services/durable.py",
    "app/services/tries.py",
    "app/services/operations.py",
    "app/services/operation_views.py",
    "app/services/order_changes.py",
    "app/services/change_outcomes.py",
    "app/services/address_changes.py",
    "app/services/item_swaps.py",
    "app/services/payment_changes.py",
    "app/services/subscription_changes.py",
    "app/services/exchanges.py",
    "app/services/exchange_payments.py",
    "app/services/credits.py",
    "app/services/returns.py",
    "app/services/return_arrivals.py",
    "app/services/return_registrations.py",
)
"""The sagas themselves, durable and settle: nine of ten planned kills have to be hit here."""
BESIDE = (
    "app/services/changed_mirror.py",
    "app/services/return_states.py",
    "app/services/cancellations.py",
    "app/services/idempotency.py",
    "app/services/orders.py",
    "app/services/mirror.py",
    "app/services/spending.py",
    "app/services/events.py",
    "app/database.py",
    "app/sqlite.py",
    "app/postgresql.py",
    "app/integrations/http.py",
    "app/integrations/answers.py",
    "app/integrations/payments/sandbox.py",
    "app/integrations/carriers/sandbox.py",
    "app/integrations/commerce/sandbox.py",
    "app/routers/writes.py",
    "app/routers/waiting.py",
    "app/routers/resources.py",
)
READS = {
    "view",
    "get",
    "allocations_of",
    "of_subject",
    "tries",
    "after",
    "place",
    "_kept",
    "_shown",
    "find",
}
"""Functions that only look: a kill in there is a kill between two requests."""
Place = tuple[str, int, str]


@dataclass(frozen=True)
class Point:
    """Kill this role of process when it reaches this line for the n-th time during this scene."""

    role: str
    scene: str
    place: Place
    hit: int

    @property
    def saga(self) -> bool:
        """Whether it lies in a saga's own file."""
        return self.place[0] in SAGA or "/actions/" in self.place[0]

    def __str__(self) -> str:
        name, line, phase = self.place
        return f"{name}:{line} {phase}, hit {self.hit}, {self.role} during {self.scene}"


def files() -> list[str]:
    """The watched files."""
    actions = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "app/services/actions").glob("*.py"))
    return [*SAGA, *BESIDE, *(name for name in actions if not name.endswith("__init__.py"))]


@cache
def candidates() -> dict[str, dict[int, frozenset[str]]]:
    """Per file the lines that count, with the phases: `before` they run, `after` their await has come back."""
    return {
        name: _lines(ast.parse((ROOT / name).read_text(encoding="utf-8"))) for name in files() if (ROOT / name).exists()
    }


def counts(place: Place) -> bool:
    """Whether the place is an await, a line that uses a transaction, or a commit."""
    name, line, phase = place
    return phase in candidates().get(name, {}).get(line, ())


def text(place: Place) -> str:
    """The line itself."""
    return (ROOT / place[0]).read_text(encoding="utf-8").splitlines()[place[1] - 1].strip()


def _lines(tree: ast.AST) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Await | ast.AsyncWith | ast.AsyncFor):
            found.setdefault(node.lineno, set()).update(("before", "after"))
        elif isinstance(node, ast.With):
            found.setdefault(node.lineno, set()).add("before")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in READS:
            for statement in ast.walk(node):
                if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return) and _transacts(statement):
                    found.setdefault(statement.lineno, set()).add("before")
    return {line: frozenset(phases) for line, phases in found.items()}


def _transacts(statement: ast.stmt) -> bool:
    """Whether the statement hands the session on, asks something of it, or commits."""
    return any(
        isinstance(part, ast.Name) and part.id in {"session", "transaction", "driver", "jobs", "connection"}
        for call in ast.walk(statement)
        if isinstance(call, ast.Call)
        for part in ast.walk(call)
    )
