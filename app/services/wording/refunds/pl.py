"""Polish."""

EXPLANATIONS: dict[str, str] = {
    "approval": "Zwrot {amount} za zamówienie {number} czeka na zatwierdzenie przez naszego pracownika.",
    "waiting": ("Zwrot {amount} za zamówienie {number} zostanie wypłacony, gdy sklep potwierdzi zmianę zamówienia."),
    "pending": "Zwrot {amount} za zamówienie {number} jest w drodze.",
    "unknown": (
        "Zwrot {amount} za zamówienie {number} został zlecony; operator płatności jeszcze go nie "
        "potwierdził i do tego czasu kwota pozostaje zarezerwowana."
    ),
    "paid": "Zwrot {amount} za zamówienie {number} został wypłacony tą samą drogą, którą dokonano płatności.",
    "paid_credit": ("Zwrot {amount} za zamówienie {number} został przyznany jako środki do wykorzystania w sklepie."),
    "paid_method": "Zwrot {amount} za zamówienie {number} został wypłacony wybraną metodą płatności.",
    "part_open": ("Ze zwrotu {amount} za zamówienie {number} wypłacono {part}, a {rest} jest jeszcze w drodze."),
    "part_failed": ("Ze zwrotu {amount} za zamówienie {number} wypłacono {part}; nie udało się wypłacić {rest}."),
    "failed": "Zwrotu {amount} za zamówienie {number} nie udało się wypłacić.",
    "elsewhere": (
        "Zwrotu {amount} za zamówienie {number} nie wypłacono ponownie, ponieważ pieniądze zwrócono już inną drogą."
    ),
    "reversed": "Zwrot {amount} za zamówienie {number} został wypłacony, ale bank odesłał go {date}.",
    "part_reversed": ("Ze zwrotu {amount} za zamówienie {number} wypłacono {part}; bank odesłał {rest} w dniu {date}."),
    "kept": "Zwrotu {amount} za zamówienie {number} nie wypłacono, ponieważ zamówienie pozostało bez zmian.",
    "rejected": "Zwrot {amount} za zamówienie {number} nie został zatwierdzony.",
    "after_all": (
        "Zwrot {amount} za zamówienie {number} uznano najpierw za nieudany; operator płatności podaje teraz, "
        "że został wypłacony."
    ),
    "short": "Z tej kwoty nie udało się wypłacić {short}.",
    "fee": "Potrącono {fee} tytułem opłaty.",
    "shipping": "Z tej kwoty {shipping} to koszt wysyłki.",
    "currency": "Płatność była w walucie {currency}: bank przeliczy kwotę po własnym kursie.",
}
