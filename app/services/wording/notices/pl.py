"""Polish."""

NOTICES: dict[str, str] = {
    "withdrawal.subject": "Odstąpienie od umowy dotyczącej zamówienia {number}",
    "withdrawal.will_cancel": (
        "Zamówienie zostanie anulowane i nie zostanie wysłane. Zwrócimy zapłaconą kwotę tą samą metodą płatności."
    ),
    "withdrawal.will_refund": (
        "Niewysłane jeszcze produkty zostaną usunięte z zamówienia. Zwrócimy zapłaconą za nie kwotę tą "
        "samą metodą płatności."
    ),
    "withdrawal.will_return": (
        "Produkty należy odesłać. Gdy do nas dotrą, zwrócimy zapłaconą za nie kwotę tą samą metodą płatności."
    ),
    "withdrawal.confirm": ("Prosimy o potwierdzenie, aby odstąpienie stało się wiążące. Nie trzeba podawać przyczyny."),
    "withdrawal.received": (
        "Otrzymaliśmy oświadczenie o odstąpieniu od umowy dotyczącej zamówienia {number}. Złożono je "
        "{date} o godzinie {time}. Obejmuje ono te produkty:"
    ),
    "withdrawal.cancel": "Zamówienie zostanie anulowane i nie zostanie wysłane.",
    "withdrawal.refund": "Te produkty nie zostaną już wysłane, o ile nie opuściły jeszcze naszego magazynu.",
    "withdrawal.return": "Prosimy odesłać otrzymane produkty najpóźniej do {back}. Numer zwrotu to {rma}.",
    "withdrawal.person": "Nasz zespół sprawdza, co należy teraz zrobić, i odpisze.",
    "withdrawal.due": "Zwrócimy zapłaconą kwotę tą samą metodą płatności najpóźniej do {due}.",
    "withdrawal.due_part": "Zwrócimy kwotę zapłaconą za te produkty tą samą metodą płatności najpóźniej do {due}.",
    "withdrawal.keep": "Numer sprawy to {reference}. Prosimy zachować tę wiadomość.",
    "confirmation.subject": "Potwierdzenie zamówienia {number}",
    "confirmation.placed": "Dziękujemy za zamówienie {number} z dnia {date}. Obejmuje ono:",
    "confirmation.total": "Łączna kwota: {amount}.",
    "return.started.subject": "Zwrot do zamówienia {number} został rozpoczęty",
    "return.started": "Zwrot {rma} do zamówienia {number} został rozpoczęty. Obejmuje te produkty:",
    "exchange.started.subject": "Wymiana do zamówienia {number} została rozpoczęta",
    "exchange.started": "Wymiana {rma} do zamówienia {number} została rozpoczęta. Obejmuje te produkty:",
    "return.send": "Prosimy odesłać produkty. Napiszemy, gdy tylko do nas dotrą.",
    "return.keep": "Produkty można zatrzymać; nie trzeba niczego odsyłać.",
    "return.arrived.subject": "Zwrot do zamówienia {number} dotarł do nas",
    "return.arrived": "Zwrot {rma} do zamówienia {number} dotarł do nas. Otrzymaliśmy te produkty:",
    "refund.paid.subject": "Pieniądze za zamówienie {number} zostały zwrócone",
    "refund.paid": "Zwróciliśmy {amount} za zamówienie {number} tą samą metodą płatności.",
    "credit.given.subject": "Środki do wykorzystania w sklepie za zamówienie {number}",
    "refund.paid_credit": "Przyznaliśmy {amount} jako środki do wykorzystania w sklepie za zamówienie {number}.",
    "refund.paid_method": "Wypłaciliśmy {amount} za zamówienie {number} wybraną metodą płatności.",
    "code.subject": "Twój kod",
    "code.text": (
        "Twój kod to {code}. Jest ważny przez dziesięć minut. Wpisz go na stronie, na której o niego "
        "poproszono, i nikomu go nie podawaj. Jeśli to nie Ty o niego prosisz, nie musisz nic robić."
    ),
}
