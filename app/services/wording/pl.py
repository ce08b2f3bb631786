"""Polish."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "Zamówienie {number} zostało przyjęte i czeka na przygotowanie.",
    "status.processing": "Zamówienie {number} jest przygotowywane do wysyłki.",
    "status.shipped": "Zamówienie {number} jest w drodze.",
    "status.shipped_eta": "Zamówienie {number} jest w drodze i powinno dotrzeć najpóźniej {date}.",
    "status.out_for_delivery": "Zamówienie {number} zostało dziś przekazane kurierowi do doręczenia.",
    "status.delayed": "Zamówienie {number} jest w drodze, ale się spóźnia: miało dotrzeć najpóźniej {date}.",
    "status.exception": "Zamówienie {number} jest w drodze; przewoźnik zgłasza problem z doręczeniem.",
    "status.delivered": "Zamówienie {number} zostało doręczone.",
    "status.delivered_on": "Zamówienie {number} zostało doręczone {date}.",
    "status.canceled": "Zamówienie {number} zostało anulowane.",
    "status.lost": (
        "Paczka z zamówieniem {number} prawdopodobnie zaginęła w drodze. Prosimy o wiadomość, a zajmiemy się tą sprawą."
    ),
    "status.announced": "Zamówienie {number} jest spakowane; przewoźnik jeszcze go nie odebrał.",
    "status.returned": "Paczka z zamówieniem {number} wraca do nadawcy.",
    "status.unshipped_late": "Zamówienie {number} miało dotrzeć najpóźniej {date}, ale nie zostało jeszcze wysłane.",
    "status.parts": "Zamówienie {number} dociera w częściach: {parts}.",
    # asking for something
    "ask.proof": (
        "Abyśmy mogli to sprawdzić, prosimy o podanie numeru zamówienia oraz adresu e-mail, numeru telefonu "
        "lub kodu pocztowego z zamówienia."
    ),
    "ask.sign_in": (
        "Dla Państwa bezpieczeństwa musimy najpierw potwierdzić tożsamość. Prosimy się zalogować i ponowić prośbę."
    ),
    "ask.which_order": "Którego z Państwa zamówień dotyczy wiadomość?",
    "ask.which_items": "Które produkty z zamówienia {number} chcą Państwo zwrócić?",
    "ask.what_item": "Którego artykułu z zamówienia {number} to dotyczy?",
    "ask.wrong_or_missing": "Czy to niewłaściwy artykuł, czy go brakuje?",
    "ask.how_many": "Ilu sztuk to dotyczy?",
    # acting
    "return.started": (
        "Zwrot {rma} do zamówienia {number} został zaakceptowany. Etykieta zwrotna jest przygotowywana i za "
        "chwilę będzie tu dostępna. Pieniądze zwrócimy, gdy produkty do nas dotrą i zostaną sprawdzone."
    ),
    "return.awaits": (
        "Otrzymaliśmy prośbę o zwrot produktów z zamówienia {number} ({rma}). Nasz dział obsługi klienta ją "
        "sprawdzi i odpowie Państwu."
    ),
    "claim.opened": (
        "Otrzymaliśmy zgłoszenie dotyczące zamówienia {number}. "
        "Nasz dział obsługi klienta je sprawdzi i odpowie Państwu tutaj."
    ),
    "cancel.started": "Anulujemy zamówienie {number}. Zapłaconą kwotę zwrócimy tą samą metodą płatności.",
    "cancel.started_unpaid": "Anulujemy zamówienie {number}. Nie pobraliśmy żadnej opłaty.",
    "refund.started": "Zwracamy kwotę {amount} za zamówienie {number} tą samą metodą płatności.",
    "refund.status_succeeded": "Kwota {amount} za zamówienie {number} została zwrócona.",
    "refund.status_pending": "Zwrot kwoty {amount} za zamówienie {number} jest w drodze.",
    "refund.status_failed": (
        "Kwoty {amount} za zamówienie {number} nie udało się jeszcze zwrócić. Zajmuje się tym nasz dział "
        "obsługi klienta."
    ),
    "refund.status_none": "Do tej pory nie było zwrotu pieniędzy za zamówienie {number}.",
    # saying no
    "no.order_not_pending": (
        "Zamówienia {number} nie można już anulować, ponieważ jest wysyłane. Po doręczeniu będzie można je zwrócić."
    ),
    "no.already_canceled": "Zamówienie {number} jest już anulowane.",
    "no.order_not_delivered": (
        "Zamówienie {number} nie zostało jeszcze doręczone, dlatego nie można go jeszcze zwrócić."
    ),
    "no.return_window_closed": "Termin zwrotu zamówienia {number} już minął.",
    "no.already_returned": "Zwrot produktów z zamówienia {number} jest już w toku.",
    "no.already_claimed": "Nasz dział obsługi klienta już zajmuje się tymi artykułami z zamówienia {number}.",
    "no.item_not_returnable": "Tych produktów z zamówienia {number} nie można zwrócić.",
    # passing on
    "handoff": "Dziękujemy za wiadomość. Nasz dział obsługi klienta zajmie się sprawą i odpowie Państwu tutaj.",
    "handoff.angry": (
        "Bardzo nam przykro. Pracownik działu obsługi klienta osobiście zajmie się sprawą i odpowie Państwu tutaj."
    ),
    "thanks": "Dziękujemy, bardzo nas to cieszy!",
    "hello": "Dzień dobry! W czym możemy pomóc w sprawie zamówienia?",
    # buttons
    "button.all_items": "Wszystkie produkty",
    "button.wrong": "Niewłaściwy artykuł",
    "button.missing": "Brakuje go",
    "button.person": "Rozmowa z konsultantem",
}
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": ", ",
    "part.delivered": "doręczono – {parcels}",
    "part.shipped": "w drodze – {parcels}",
    "part.shipped_eta": "najpóźniej {date} – {parcels}",
    "part.out_for_delivery": "dziś w doręczeniu – {parcels}",
    "part.announced": "czeka na odbiór przez przewoźnika – {parcels}",
    "part.delayed": "z opóźnieniem – {parcels}",
    "part.silent": "bez wiadomości od przewoźnika – {parcels}",
    "part.exception": "problem z doręczeniem – {parcels}",
    "part.lost": "prawdopodobnie zaginęło – {parcels}",
    "part.returned": "wraca do nadawcy – {parcels}",
    "part.preparing": "jeszcze w przygotowaniu – {items}",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "one": "{count} paczka",
        "few": "{count} paczki",
        "many": "{count} paczek",
        "other": "{count} paczki",
    },
    "items": {
        "one": "{count} sztuka",
        "few": "{count} sztuki",
        "many": "{count} sztuk",
        "other": "{count} sztuki",
    },
    "status.silent": {
        "one": "Zamówienie {number} jest w drodze; przewoźnik nie przekazał nowych informacji od {count} dnia.",
        "few": "Zamówienie {number} jest w drodze; przewoźnik nie przekazał nowych informacji od {count} dni.",
        "many": "Zamówienie {number} jest w drodze; przewoźnik nie przekazał nowych informacji od {count} dni.",
        "other": "Zamówienie {number} jest w drodze; przewoźnik nie przekazał nowych informacji od {count} dnia.",
    },
    "policy.return_window": {
        "one": "Produkty można zwrócić w ciągu {count} dnia od doręczenia. Wystarczy podać nam numer zamówienia.",
        "few": "Produkty można zwrócić w ciągu {count} dni od doręczenia. Wystarczy podać nam numer zamówienia.",
        "many": "Produkty można zwrócić w ciągu {count} dni od doręczenia. Wystarczy podać nam numer zamówienia.",
        "other": "Produkty można zwrócić w ciągu {count} dnia od doręczenia. Wystarczy podać nam numer zamówienia.",
    },
}
