"""The plain guard: ownership, proof, state, window, caps."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.money import known_currencies
from app.services.policy.contract import Facts, Ruling

Cap = Annotated[int, Field(ge=0, le=10**15)]


class Caps(BaseModel):
    """The most that may be refunded without a person, minor units; all four bind."""

    model_config = ConfigDict(extra="forbid", strict=True)

    refund: Cap
    order: Cap
    customer: Cap
    day: Cap


class Policy(BaseModel):
    """A store's rules until it writes its own policy."""

    model_config = ConfigDict(extra="forbid")

    return_window_days: int = Field(30, ge=0, le=3650)
    auto_approve_returns: bool = True
    instant_refund: bool = False
    """Whether automation may pay a delivered order back without its goods coming back, within the caps."""
    reasons: list[Annotated[str, Field(min_length=1, max_length=100)]] | None = None
    """Which reasons are accepted; None: any."""
    caps: dict[str, Caps] = {}
    """Per currency; a currency that is not here has no automatic refund."""
    return_service: str = "return_standard"

    @field_validator("caps")
    @classmethod
    def _currencies(cls, caps: dict[str, Caps]) -> dict[str, Caps]:
        unknown = sorted(set(caps) - known_currencies())
        if unknown:
            raise ValueError(f"unknown currencies: {', '.join(unknown)}")
        return caps


PROOF = {"order_status": 1, "return": 1, "return_label": 1, "cancel": 2, "refund": 2}
"""The level of proof that an action needs of a shopper."""


class PlainGuard:
    """Decides by a fixed order of checks; the first that says no is the answer."""

    version = "plain-1"

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def decide(self, facts: Facts) -> Ruling:
        """Allow, refuse, or ask a person."""
        outcome: str = "allow"
        code, reason, rule = None, "Nothing speaks against it.", "allowed"
        for check in (
            self._ownership,
            self._state,
            self._window,
            self._reason,
            self._destination,
            self._caps,
            self._approval,
        ):
            found = check(facts)
            if found is not None:
                outcome, code, reason, rule = found
                break
        return Ruling.model_validate(
            {
                "outcome": outcome,
                "code": code,
                "reasons": (reason,),
                "rules": (rule,),
                "policy_version": self.version,
                "facts": facts.model_dump(mode="json"),
            }
        )

    def _ownership(self, facts: Facts) -> tuple[str, str | None, str, str] | None:
        if facts.actor == "merchant":
            return None
        if not facts.owner:
            return "refuse", "not_owner", "The order belongs to another customer.", "ownership"
        needed = PROOF.get(facts.action, 2)
        if facts.proof < needed:
            return "refuse", "proof_required", f"Proof of identity at level {needed} is needed.", "proof"
        return None

    def _state(self, facts: Facts) -> tuple[str, str | None, str, str] | None:
        status = facts.order_status
        if facts.action == "cancel":
            if status == "canceled":
                return "refuse", "already_canceled", "The order is canceled already.", "state"
            if status != "pending":
                return "refuse", "order_not_pending", "The order has left the pending state.", "state"
        if facts.action in {"return", "return_label"}:
            if status != "delivered":
                return "refuse", "order_not_delivered", "The order has not been delivered.", "state"
            if facts.line_final_sale:
                return "refuse", "item_not_returnable", "The item was sold without a right to return.", "final_sale"
            if not facts.quantity_free:
                return "refuse", "already_returned", "The items are in a return already.", "once"
        return None

    def _window(self, facts: Facts) -> tuple[str, str | None, str, str] | None:
        if facts.action != "return":
            return None
        if facts.delivered_at is None:
            if facts.actor == "merchant":
                return None
            return "ask", None, "The day of delivery is not known.", "window.unknown"
        if facts.now > facts.delivered_at + timedelta(days=self._policy.return_window_days):
            days = self._policy.return_window_days
            return "refuse", "return_window_closed", f"More than {days} days since delivery.", "window"
        return None

    def _reason(self, facts: Facts) -> tuple[str, str | None, str, str] | None:
        listed = self._policy.reasons
        if listed is None or facts.reason is None or facts.reason in listed:
            return None
        return "refuse", "reason_not_allowed", "The store does not list this reason.", "reasons"

    def _destination(self, facts: Facts) -> tuple[str, str | None, str, str] | None:
        if facts.actor == "merchant" or facts.action != "refund" or facts.destination == "original":
            return None
        return "refuse", "refund_method_not_allowed", "Money goes back the way it came.", "destination"

    def _caps(self, facts: Facts) -> tuple[str, str | None, str, str] | None:
        if facts.actor == "merchant" or facts.amount is None or facts.currency is None or facts.amount == 0:
            return None
        caps = self._policy.caps.get(facts.currency)
        if caps is None:
            return "refuse", "limit_reached", f"No automatic refund in {facts.currency}.", "caps.none"
        if facts.amount > caps.refund:
            return "refuse", "limit_reached", "Above the cap of one refund.", "caps.refund"
        for scope, cap in (("order", caps.order), ("customer", caps.customer), ("day", caps.day)):
            if facts.spent.get(scope, 0) + facts.amount > cap:
                return "refuse", "limit_reached", f"Above the cap per {scope}.", f"caps.{scope}"
        return None

    def _approval(self, facts: Facts) -> tuple[str, str | None, str, str] | None:
        if facts.action == "return" and facts.actor != "merchant" and not self._policy.auto_approve_returns:
            return "ask", None, "Returns wait for a person's yes.", "approval"
        if facts.action == "claim":
            return "ask", None, "A person looks at every claim.", "approval"
        return None
