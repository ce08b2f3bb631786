"""German."""

EXPLANATIONS: dict[str, str] = {
    "approval": (
        "Ihre Erstattung von {amount} für die Bestellung {number} wartet auf die Freigabe durch eine "
        "Mitarbeiterin oder einen Mitarbeiter."
    ),
    "waiting": (
        "Ihre Erstattung von {amount} für die Bestellung {number} wird ausgezahlt, sobald der Shop die "
        "Änderung der Bestellung bestätigt hat."
    ),
    "pending": "Ihre Erstattung von {amount} für die Bestellung {number} ist unterwegs.",
    "unknown": (
        "Ihre Erstattung von {amount} für die Bestellung {number} ist beauftragt; der Zahlungsdienst "
        "hat sie noch nicht bestätigt, und der Betrag bleibt bis dahin für Sie reserviert."
    ),
    "paid": (
        "Ihre Erstattung von {amount} für die Bestellung {number} wurde auf dem Weg zurückgezahlt, auf "
        "dem Sie bezahlt haben."
    ),
    "paid_credit": (
        "Ihre Erstattung von {amount} für die Bestellung {number} wurde Ihnen als Guthaben gutgeschrieben."
    ),
    "paid_method": (
        "Ihre Erstattung von {amount} für die Bestellung {number} wurde an die von Ihnen gewählte "
        "Zahlungsart ausgezahlt."
    ),
    "part_open": (
        "Von Ihrer Erstattung von {amount} für die Bestellung {number} sind {part} ausgezahlt, und "
        "{rest} sind noch unterwegs."
    ),
    "part_failed": (
        "Von Ihrer Erstattung von {amount} für die Bestellung {number} sind {part} ausgezahlt; {rest} "
        "konnten nicht ausgezahlt werden."
    ),
    "failed": "Ihre Erstattung von {amount} für die Bestellung {number} konnte nicht ausgezahlt werden.",
    "elsewhere": (
        "Ihre Erstattung von {amount} für die Bestellung {number} wurde nicht noch einmal ausgezahlt, "
        "weil das Geld schon auf anderem Weg erstattet war."
    ),
    "reversed": (
        "Ihre Erstattung von {amount} für die Bestellung {number} war ausgezahlt, doch die Bank hat sie "
        "am {date} zurückgesandt."
    ),
    "part_reversed": (
        "Von Ihrer Erstattung von {amount} für die Bestellung {number} sind {part} ausgezahlt; {rest} "
        "hat die Bank am {date} zurückgesandt."
    ),
    "kept": (
        "Ihre Erstattung von {amount} für die Bestellung {number} wurde nicht ausgezahlt, weil die "
        "Bestellung unverändert blieb."
    ),
    "rejected": "Ihre Erstattung von {amount} für die Bestellung {number} wurde nicht freigegeben.",
    "after_all": (
        "Ihre Erstattung von {amount} für die Bestellung {number} galt zunächst als gescheitert; inzwischen "
        "meldet der Zahlungsdienst, dass sie ausgezahlt wurde."
    ),
    "short": "{short} davon konnten nicht ausgezahlt werden.",
    "fee": "{fee} wurden als Gebühr einbehalten.",
    "shipping": "{shipping} davon entfallen auf den Versand.",
    "currency": "Sie haben in {currency} bezahlt: Ihre Bank rechnet den Betrag zu ihrem eigenen Kurs um.",
}
