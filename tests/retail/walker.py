"""One shopper's way through every order: what is asked, what is done, and what each answer must say."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.money import Money
from app.services.delays import Place
from app.services.wording import say
from app.services.wording.dates import day
from tests.retail import said

if TYPE_CHECKING:
    from collections.abc import Iterable

    import httpx

Json = dict[str, Any]
AT_ONCE = 8
CHANNELS = ("chat", "web", "whatsapp", "api")


@dataclass
class Walk:
    """The walk over one store: its client, and what it did, counted."""

    client: httpx.AsyncClient
    emails: dict[str, str]
    """The e-mail address per customer of the shop."""
    done: Counter[str] = field(default_factory=Counter[str])
    messages: dict[str, str] = field(default_factory=dict[str, str])
    """The ticket that each message was answered to be in, by message id."""

    async def over(self, orders: Iterable[Json]) -> None:
        """Walk every order, eight at a time; the first wrong answer ends it."""
        waiting = list(enumerate(orders))[::-1]

        async def next_ones() -> None:
            while waiting:
                place, order = waiting.pop()
                await self.order(place, order)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(next_ones())

    async def order(self, place: int, order: Json) -> None:
        """Ask where it is, then do what its state allows and try what it does not."""
        await self.status(place, order)
        by_message = (place // 3) % 2 == 0
        act = {
            "pending": self.cancel_by_message if by_message else self.cancel_over_http,
            "delivered": self.return_by_message if by_message else self.return_over_http,
            "processing": self.refused_by_message if by_message else self.refused_over_http,
            "canceled": self.refund_status if by_message else self.refused_over_http,
        }[order["status"]]
        await act(place, order)
        self.done[act.__name__] += 1

    # ---- asking --------------------------------------------------------------------------------------------------

    async def status(self, place: int, order: Json) -> None:
        """The answer is the one sentence on the order's state, in the language of the question."""
        language, text = said.STATUS[place % len(said.STATUS)]
        answer = await self.ask(place, order, text, "status", vouched=place % 2 == 0)
        key, facts = f"status.{order['status']}", {"number": order["number"]}
        if order["status"] == "delivered":
            there = Place(order["shipping_address"]["country_code"], "UTC", "US")
            delivered = there.day(datetime.fromisoformat(order["delivered_at"]))
            key, facts["date"] = "status.delivered_on", day(delivered, language)
        self.expect(answer, "answered", language, say(key, language, **facts))
        assert answer["ticket"]["order"] == answer["reply"]["cards"][0]["id"]
        self.done["status"] += 1

    async def ask(self, place: int, order: Json, text: str, what: str, *, vouched: bool, **more: Any) -> Json:
        """Send a message: the storefront vouches for the shopper, or number and e-mail must do."""
        headers = {"Aftersale-Customer": order["customer_id"]} if vouched else {}
        claimed = {} if vouched else {"email": self.emails[order["customer_id"]].upper()}
        channel = "email" if place % 25 == 1 and what == "status" else CHANNELS[place % len(CHANNELS)]
        body = {
            "channel": channel,
            "text": text.format(n=order["number"]),
            "customer": claimed,
            "external_id": f"{order['number']} {what}",
            **more,
        }
        answer = await self.client.post("/v1/messages", json=body, headers={"Prefer": "wait=30", **headers})
        assert answer.status_code == 201, answer.text
        shown = answer.json()
        assert shown["message"]["ticket"] == shown["ticket"]["id"]
        assert shown["message"]["id"] not in self.messages
        self.messages[shown["message"]["id"]] = shown["ticket"]["id"]
        return shown

    def expect(self, answer: Json, outcome: str, language: str, text: str) -> None:
        """What became of a message and what its sender is told."""
        assert (answer["outcome"], answer["reply"]["language"], answer["reply"]["text"]) == (outcome, language, text)

    # ---- doing ---------------------------------------------------------------------------------------------------

    async def cancel_by_message(self, place: int, order: Json) -> None:
        """A pending order is canceled and every payment of it goes back."""
        language, text = said.CANCEL[place % len(said.CANCEL)]
        answer = await self.ask(place, order, text, "cancel", vouched=True)
        self.expect(answer, "acted", language, say("cancel.started", language, number=order["number"]))
        kinds = Counter((row["kind"], row["status"]) for row in answer["operations"])
        assert kinds == {("order_cancel", "succeeded"): 1, ("refund", "succeeded"): len(order["payments"])}

    async def cancel_over_http(self, place: int, order: Json) -> None:
        """The same as one request."""
        body = {"reason": "ordered by mistake" if place % 2 else "no longer needed"}
        answer = await self.write(f"/v1/orders/{order['id']}/cancel", order, body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "canceled"

    async def return_by_message(self, place: int, order: Json) -> None:
        """Everything is sent back: with one line at once, with more by the button for all of them."""
        language, text = said.RETURN[place % len(said.RETURN)]
        answer = await self.ask(place, order, text, "return", vouched=place % 4 < 2)
        if len(order["lines"]) > 1:
            asked = say("ask.which_items", language, number=order["number"])
            self.expect(answer, "awaiting_customer", language, asked)
            values = [button["value"] for button in answer["reply"]["buttons"]]
            assert len([value for value in values if value.startswith("return:")]) == len(order["lines"]) + 1
            button = next(button for button in answer["reply"]["buttons"] if button["value"].endswith(":all"))
            assert button["label"] == say("button.all_items", language)
            more = {"button": button["value"], "locale": language}
            answer = await self.ask(place, order, button["label"], "all", vouched=place % 4 < 2, **more)
        assert answer["outcome"] == "acted", answer
        return_, label = answer["reply"]["cards"]
        assert label["status"] == "active", label
        assert label["rma"] in answer["reply"]["text"]
        kinds = {(row["kind"], row["status"]) for row in answer["operations"]}
        assert kinds == {("return_open", "succeeded"), ("return_label", "succeeded")}
        if place % 50 == 0:
            file = await self.client.get(label["file"])
            assert (file.status_code, file.content[:5]) == (200, b"%PDF-")
        assert return_["id"].startswith("ret_")

    async def return_over_http(self, place: int, order: Json) -> None:
        """Return and label in one request."""
        lines = [{"line_id": line["id"], "quantity": line["quantity"]} for line in order["lines"]]
        body = {"order": order["number"], "lines": lines, "format": "png" if place % 7 == 0 else "pdf"}
        answer = await self.write("/v1/return-labels", order, body)
        assert answer.status_code == 201, answer.text
        assert answer.json()["status"] == "active"

    async def refused_over_http(self, place: int, order: Json) -> None:
        """What has left the pending state is not canceled, whoever asks."""
        del place
        answer = await self.write(f"/v1/orders/{order['id']}/cancel", order, {"reason": "no longer needed"})
        code = {"processing": "order_not_pending", "canceled": "already_canceled"}[order["status"]]
        assert (answer.status_code, answer.json()["code"]) == (409, code)

    async def refused_by_message(self, place: int, order: Json) -> None:
        """The shopper is told why, and the decision says so."""
        language, text = said.CANCEL[place % len(said.CANCEL)]
        answer = await self.ask(place, order, text, "cancel", vouched=True)
        self.expect(answer, "answered", language, say("no.order_not_pending", language, number=order["number"]))
        assert [row["code"] for row in answer["decisions"]] == ["order_not_pending"]
        assert answer["operations"] == []

    async def refund_status(self, place: int, order: Json) -> None:
        """The shop paid a canceled order back before we came: that is what the shopper hears."""
        language, text = said.REFUND[place % len(said.REFUND)]
        answer = await self.ask(place, order, text, "refund", vouched=place % 2 == 1)
        back = Money(sum(refund["amount"] for refund in order["refunds"]), order["currency"]).text(language)
        told = say("refund.status_succeeded", language, amount=back, number=order["number"])
        self.expect(answer, "answered", language, told)

    async def write(self, path: str, order: Json, body: Json) -> httpx.Response:
        """A write with a key of its own."""
        headers = {"Idempotency-Key": f"{order['number']} {path}", "Prefer": "wait=30"}
        return await self.client.post(path, json=body, headers=headers)
