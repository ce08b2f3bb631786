"""German."""

NOTICES: dict[str, str] = {
    "withdrawal.subject": "Ihr Widerruf zur Bestellung {number}",
    "withdrawal.will_cancel": (
        "Die Bestellung wird storniert und nicht versendet. Ihre Zahlung erstatten wir auf demselben Weg."
    ),
    "withdrawal.will_refund": (
        "Die noch nicht versendeten Artikel werden aus der Bestellung genommen. Ihre Zahlung dafür "
        "erstatten wir auf demselben Weg."
    ),
    "withdrawal.will_return": (
        "Sie senden die Artikel zurück. Ihre Zahlung dafür erstatten wir auf demselben Weg, sobald sie "
        "eingetroffen sind."
    ),
    "withdrawal.confirm": (
        "Bitte bestätigen Sie, damit Ihr Widerruf verbindlich wird. Eine Begründung ist nicht nötig."
    ),
    "withdrawal.received": (
        "Wir haben Ihren Widerruf des Vertrags zur Bestellung {number} erhalten. Sie haben ihn am {date}"
        " um {time} erklärt. Er umfasst diese Artikel:"
    ),
    "withdrawal.cancel": "Die Bestellung wird storniert und nicht versendet.",
    "withdrawal.refund": "Diese Artikel werden nicht mehr versendet, soweit sie uns noch nicht verlassen haben.",
    "withdrawal.return": (
        "Bitte senden Sie zurück, was bei Ihnen angekommen ist, spätestens bis zum {back}. Ihre "
        "Retourennummer lautet {rma}."
    ),
    "withdrawal.person": "Unser Team prüft, was nun zu tun ist, und schreibt Ihnen.",
    "withdrawal.due": "Ihre Zahlung erstatten wir auf demselben Weg, spätestens bis zum {due}.",
    "withdrawal.due_part": (
        "Was Sie für diese Artikel bezahlt haben, erstatten wir auf demselben Weg, spätestens bis zum {due}."
    ),
    "withdrawal.keep": "Ihr Aktenzeichen lautet {reference}. Bitte bewahren Sie diese Nachricht auf.",
    "confirmation.subject": "Bestätigung der Bestellung {number}",
    "confirmation.placed": "Vielen Dank für Ihre Bestellung {number} vom {date}. Sie umfasst:",
    "confirmation.total": "Gesamtbetrag: {amount}.",
    "return.started.subject": "Ihre Retoure zur Bestellung {number} hat begonnen",
    "return.started": "Ihre Retoure {rma} zur Bestellung {number} hat begonnen. Sie umfasst diese Artikel:",
    "exchange.started.subject": "Ihr Umtausch zur Bestellung {number} hat begonnen",
    "exchange.started": "Ihr Umtausch {rma} zur Bestellung {number} hat begonnen. Er umfasst diese Artikel:",
    "return.send": "Bitte senden Sie die Artikel zurück. Wir schreiben Ihnen, sobald sie eingetroffen sind.",
    "return.keep": "Sie dürfen die Artikel behalten und müssen nichts zurücksenden.",
    "return.arrived.subject": "Ihre Retoure zur Bestellung {number} ist eingetroffen",
    "return.arrived": "Ihre Retoure {rma} zur Bestellung {number} ist eingetroffen. Wir haben diese Artikel erhalten:",
    "refund.paid.subject": "Ihre Erstattung zur Bestellung {number} ist ausgezahlt",
    "refund.paid": "Wir haben Ihnen {amount} zur Bestellung {number} auf demselben Weg erstattet.",
    "credit.given.subject": "Guthaben zu Ihrer Bestellung {number}",
    "refund.paid_credit": "Wir haben Ihnen {amount} zur Bestellung {number} als Guthaben gutgeschrieben.",
    "refund.paid_method": "Wir haben {amount} zur Bestellung {number} auf dem von Ihnen gewählten Weg ausgezahlt.",
    "code.subject": "Ihr Code",
    "code.text": (
        "Ihr Code lautet {code}. Er gilt zehn Minuten. Geben Sie ihn auf der Seite ein, auf der Sie ihn "
        "angefordert haben, und sagen Sie ihn niemandem. Haben Sie ihn nicht angefordert, müssen Sie "
        "nichts tun."
    ),
}
