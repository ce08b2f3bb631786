"""Items that arrived damaged, wrong or not at all: which one, what is wrong, how many; then a claim for a person.

Nothing is guessed: what the message does not tell is asked by buttons, and each button holds all that was told before.
"""

from __future__ import annotations

from app.errors import AppError
from app.models.orders import Order, OrderLine
from app.services.actions import open_claim
from app.services.actions.open_claim import ClaimLineIn, ClaimParams, Kind
from app.services.conversation.plans import lines_meant
from app.services.conversation.scenes import Scene, Turn, attempt, level, pass_on, person, refused
from app.services.ledgers import Ledger
from app.services.order_views import lines_of

KINDS: dict[str, Kind] = {"damaged": "damaged", "wrong": "wrong", "missing": "missing"}
MOST_BUTTONS = 9


def open_one(scene: Scene, order: Order, kind: Kind | None = None) -> Turn:
    """Open a claim about one line, or ask what it needs; the ticket is a person's from then on."""
    if scene.proof < level(scene, "claim"):
        return Turn("awaiting_customer", scene.say("ask.sign_in"), order_id=order.id)
    ledger = Ledger.of(scene.session, order)
    left = {line.id: line for line in lines_of(scene.session, order) if line.quantity > ledger.gone(line)}
    if not left:
        return pass_on(scene, order, "refund_exceeds_captured")
    told_line, told_kind, told_count = _pressed(scene)
    kind = KINDS.get(told_kind) or kind
    line = left.get(told_line) or _meant(scene, left)
    if line is None:
        after = "" if kind is None else f":{kind}"
        choices = [(each.title, f"{each.id}{after}") for each in left.values()]
        return _ask(scene, order, scene.say("ask.what_item", number=order.number), choices)
    if kind is None:
        choices = [
            (scene.say("button.wrong"), f"{line.id}:wrong"),
            (scene.say("button.missing"), f"{line.id}:missing"),
        ]
        return _ask(scene, order, scene.say("ask.wrong_or_missing"), choices)
    most = line.quantity - ledger.gone(line)
    counts = {str(count): count for count in range(1, most + 1)}
    count = 1 if most == 1 else counts.get(told_count)
    if count is None:
        choices = [(word, f"{line.id}:{kind}:{word}") for word in counts]
        return _ask(scene, order, scene.say("ask.how_many"), choices)
    return _open(scene, order, line, kind, count)


def _pressed(scene: Scene) -> tuple[str, str, str]:
    """Line, kind and count as a button of ours says them; empty what it does not say."""
    verb, _, *said = (scene.inbound.button or "").split(":") + [""] * 5
    return (said[0], said[1], said[2]) if verb == "claim" else ("", "", "")


def _meant(scene: Scene, left: dict[str, OrderLine]) -> OrderLine | None:
    """The only line that is left, or the only one whose title the message shares a word with."""
    if len(left) == 1:
        return next(iter(left.values()))
    meant = lines_meant(scene.inbound.text, {line.id: line.title for line in left.values()})
    return left[meant[0]] if len(meant) == 1 else None


def _ask(scene: Scene, order: Order, text: str, choices: list[tuple[str, str]]) -> Turn:
    buttons = [{"label": label, "value": f"claim:{order.id}:{value}"} for label, value in choices[:MOST_BUTTONS]]
    return Turn("awaiting_customer", text, buttons=(*buttons, person(scene)), order_id=order.id)


def _open(scene: Scene, order: Order, line: OrderLine, kind: Kind, count: int) -> Turn:
    inbound = scene.inbound
    note = None if inbound.button is not None else inbound.text.strip()[:2000] or None
    files = [file["id"] for file in inbound.files if file.get("id")]
    said = ClaimLineIn(line_id=line.id, quantity=count, kind=kind, note=note, files=files)
    made = attempt(scene, order, open_claim.ACTION, ClaimParams(order=order.id, lines=[said]))
    if isinstance(made, AppError):
        return refused(scene, order, made)
    card = {"type": "claim", "id": str(made.id)}
    text = scene.say("claim.opened", number=order.number)
    return Turn("handed_off", text, cards=(card,), order_id=order.id, reason="claim_opened")
