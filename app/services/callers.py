"""Who calls: one store, one mode, and whether the merchant, a shopper or a named person acts."""

from dataclasses import dataclass, replace
from typing import Any

from app.errors import ActorRequired, ScopeMissing
from app.models.stores import Store


@dataclass(frozen=True, slots=True)
class Caller:
    """The one behind a request. Without `shopper` it is the merchant: ownership and proof do not apply."""

    store: Store
    livemode: bool
    key_id: str
    scopes: frozenset[str]
    request_id: str
    shopper: str | None = None
    """Our id of the customer who acts."""
    agent: str | None = None
    """The named person who acts, `[A-Za-z0-9_.-]{1,64}`."""
    proof: int = 2
    """The shopper's level of proof; the merchant needs none."""
    automation: bool = False
    """A message is being answered: nobody at the store decides."""

    must_confirm: bool = False
    """What costs needs the token of a preview: shopper tokens, flows, AI tools."""

    @property
    def store_id(self) -> str:
        """The store's id."""
        return self.store.id

    @property
    def is_merchant(self) -> bool:
        """Whether the store itself acts."""
        return self.shopper is None and not self.automation

    def need(self, scope: str) -> None:
        """Raise `scope_missing` where the key does not have `scope`."""
        if scope not in self.scopes and "*" not in self.scopes:
            raise ScopeMissing(f"This key does not have the scope {scope}.")

    def named_person(self) -> str:
        """The agent's id; raises `actor_required` where no person is named."""
        if self.agent is None:
            raise ActorRequired
        return self.agent

    def acting_for(self, shopper: str | None, proof: int) -> "Caller":
        """The same request, answered by automation for a shopper with this much proof."""
        return replace(self, shopper=shopper, proof=proof, automation=True)

    def actor(self) -> dict[str, Any]:
        """How the actor is written down."""
        if self.agent is not None:
            return {"type": "agent", "id": self.agent, "key": self.key_id}
        if self.automation:
            return {"type": "automation", "id": self.shopper, "key": self.key_id, "proof": self.proof}
        if self.shopper is not None:
            return {"type": "shopper", "id": self.shopper, "key": self.key_id}
        return {"type": "merchant", "id": None, "key": self.key_id}
