"""The shape of a policy document: every setting of a store, the empty document sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from app.services.policy.conditions import Condition
from app.services.policy.names import ACTIONS
from app.services.policy.parts import (
    MAX_RULES,
    Abuse,
    Action,
    ActionOrAny,
    Amounts,
    Approvals,
    Changes,
    Currency,
    Excluded,
    Fee,
    Inspection,
    KeepItems,
    Label,
    PhotoDuty,
    Reasons,
    Resolution,
    ResolutionRule,
    Rule,
    Strict,
    Way,
    Windows,
    Withdrawal,
)
from app.services.policy.plain import Caps, Policy

Path = tuple[int | str, ...]
"""Where a part of a document stands: the steps of a JSON pointer."""


class PolicyDocument(Strict):
    """A store's policy. Amounts are minor units per currency, windows days from delivery."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    currencies: Annotated[list[Currency], Field(min_length=1, max_length=200)] | None = None
    """What the store sells in; money in another currency is refused on save. Null: any."""
    windows: Windows = Windows()
    final_sale: Excluded = Excluded()
    """Beside what the shop itself marks as sold without a right to return."""
    hygiene: Excluded = Excluded()
    one_return_per_order: bool = False
    """One return or exchange per order."""
    exchange_once: bool = False
    resolutions: Annotated[list[Resolution], Field(min_length=1)] = ["refund", "store_credit", "exchange"]
    resolution_rules: Annotated[list[ResolutionRule], Field(max_length=MAX_RULES)] = []
    destinations: list[Way] = ["original", "store_credit", "gift_card"]
    fees: Annotated[list[Fee], Field(max_length=MAX_RULES)] = []
    label: Label = Label()
    reasons: dict[ActionOrAny, Reasons] = {}
    """Per action; `*` where the action has none of its own."""
    photos: Annotated[list[PhotoDuty], Field(max_length=MAX_RULES)] = []
    auto_approve: dict[Action, bool | Condition] = {}
    """Whether an action goes through without a person; see `AUTO_APPROVE` for what is not named here."""
    inspection: Inspection = Inspection()
    keep_items: KeepItems = KeepItems()
    instant_refund: bool | Condition = False
    """Whether automation may pay back a delivered order before its goods come back, within the caps."""
    caps: dict[Currency, Caps] = {}
    """What automation may spend without a person; a currency that is not here has no automatic refund."""
    two_persons_above: Amounts = {}
    proof: dict[Action, Annotated[int, Field(ge=0, le=2)]] = {}
    """The level that an action needs of a shopper; see `PROOF` for what is not named here."""
    changes: Changes = Changes()
    abuse: Abuse = Abuse()
    withdrawal: Withdrawal = Withdrawal()
    approvals: Approvals = Approvals()
    return_expires_after_days: Annotated[int, Field(ge=1, le=3650)] | None = 30
    """From its approval or its label; then goods that were never sent are not waited for any longer. Null: no end."""
    return_overdue_after_days: Annotated[int, Field(ge=1, le=3650)] | None = 14
    """From its approval, its label or its first scan; then a person is told that the goods are late. Null: no."""
    return_service: Annotated[str, Field(min_length=1, max_length=100)] = "return_standard"
    rules: Annotated[list[Rule], Field(max_length=MAX_RULES)] = []

    @classmethod
    def of_plain(cls, policy: Policy) -> PolicyDocument:
        """What a store has that wrote only the plain policy: the same answers as before."""
        return cls(
            windows=Windows(default_days=policy.return_window_days),
            reasons={} if policy.reasons is None else {"*": Reasons.model_construct(accepted=list(policy.reasons))},
            auto_approve={"return": policy.auto_approve_returns},
            instant_refund=policy.instant_refund,
            caps=dict(policy.caps),
            return_service=policy.return_service,
        )

    def dumped(self) -> dict[str, Any]:
        """The document as JSON, whole: what `check` gives back unchanged."""
        return self.model_dump(mode="json", by_alias=True)

    def conditions(self) -> Iterator[tuple[Path, Any]]:
        """Every condition of the document, with the path to it; a switch is true or false where it is none."""
        lists: list[tuple[Path, Iterable[Any]]] = [
            (("windows", "rules"), self.windows.rules),
            (("label", "rules"), self.label.rules),
            (("resolution_rules",), self.resolution_rules),
            (("fees",), self.fees),
            (("photos",), self.photos),
            (("rules",), self.rules),
        ]
        lists += [(("windows", "earlier", at, "rules"), part.rules) for at, part in enumerate(self.windows.earlier)]
        for where, rules in lists:
            for at, rule in enumerate(rules):
                yield (*where, at, "when"), rule.when
        parts = {"final_sale": self.final_sale, "hygiene": self.hygiene, "keep_items": self.keep_items}
        for name, part in parts.items():
            yield (name, "when"), part.when
        yield ("instant_refund",), self.instant_refund
        for action, switch in self.auto_approve.items():
            yield ("auto_approve", action), switch


PROOF: dict[str, int] = {
    "order_status": 1,
    "return": 1,
    "return_label": 1,
    "claim": 1,
    "withdrawal": 1,
    "resend_confirmation": 1,
}
"""The contract's levels; every other action needs 2, unless it was declared with another."""


def know(action: str, proof: int) -> None:
    """Teach the guard the name of an action that was declared, with the level that it needs of a shopper.

    Once the program is loaded no name is added: documents are checked and compiled by these.
    """
    if action not in ACTIONS:
        ACTIONS.append(action)
        PROOF[action] = proof
    elif PROOF.get(action, 2) != proof:
        raise ValueError(f"{action} needs proof {PROOF.get(action, 2)} already, and cannot need {proof}.")


AUTO_APPROVE: dict[str, bool] = {"claim": False, "goodwill": False, "extend_window": False}
"""What waits for a person unless the document says otherwise; every other action does not."""
