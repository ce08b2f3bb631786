"""What the shoppers of the walk write, in their languages; `{n}` is the order's number."""

from __future__ import annotations

STATUS: tuple[tuple[str, str], ...] = (
    ("en", "Where is my order {n}?"),
    ("de", "Wo ist meine Bestellung {n}?"),
    ("fr", "Quand est-ce que ma commande {n} va arriver ?"),
    ("en", "Could you tell me the status of order {n}, please?"),
    ("es", "¿Cuándo llega mi pedido {n}?"),
    ("it", "Dov'è il mio ordine {n}?"),
    ("pt", "Onde está a minha encomenda {n}?"),
    ("nl", "Waar is mijn bestelling {n}?"),
    ("en", "Has my order {n} shipped yet?"),
    ("pl", "Gdzie jest moje zamówienie {n}?"),
    ("tr", "{n} numaralı siparişim nerede?"),
    ("az", "{n} nömrəli sifarişim haradadır?"),
    ("ru", "Где мой заказ {n}?"),
    ("ar", "أين طلبي {n}؟"),
)
CANCEL: tuple[tuple[str, str], ...] = (
    ("en", "Please cancel my order {n}."),
    ("de", "Bitte stornieren Sie meine Bestellung {n}."),
    ("fr", "Je veux annuler ma commande {n}."),
    ("en", "I want to cancel order {n}."),
    ("tr", "{n} numaralı siparişimi iptal etmek istiyorum."),
    ("ja", "注文 {n} をキャンセルしたいです。"),
)
RETURN: tuple[tuple[str, str], ...] = (
    ("en", "I would like to return my order {n}."),
    ("de", "Ich möchte die Bestellung {n} zurückschicken."),
    ("fr", "Je voudrais retourner ma commande {n}."),
    ("it", "Vorrei restituire l'ordine {n}."),
    ("pl", "Chcę zwrócić zamówienie {n}."),
    ("zh", "我想退货，订单 {n}。"),
)
REFUND: tuple[tuple[str, str], ...] = (
    ("en", "Where is my refund for order {n}?"),
    ("de", "Wo bleibt meine Erstattung für die Bestellung {n}?"),
    ("fr", "Où en est le remboursement de ma commande {n} ?"),
)
