"""German."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "Die Bestellung {number} ist eingegangen und wird in Kürze bearbeitet.",
    "status.processing": "Die Bestellung {number} wird gerade für den Versand vorbereitet.",
    "status.shipped": "Die Bestellung {number} ist unterwegs.",
    "status.shipped_eta": "Die Bestellung {number} ist unterwegs und kommt voraussichtlich bis zum {date} an.",
    "status.out_for_delivery": "Die Bestellung {number} wird heute zugestellt.",
    "status.delayed": (
        "Die Bestellung {number} ist unterwegs, hat aber Verspätung: Sie sollte bis zum {date} ankommen."
    ),
    "status.exception": "Die Bestellung {number} ist unterwegs; der Paketdienst meldet ein Problem bei der Zustellung.",
    "status.delivered": "Die Bestellung {number} wurde zugestellt.",
    "status.delivered_on": "Die Bestellung {number} wurde am {date} zugestellt.",
    "status.canceled": "Die Bestellung {number} wurde storniert.",
    "status.lost": (
        "Das Paket der Bestellung {number} ist unterwegs vermutlich verloren gegangen. Bitte schreiben Sie "
        "uns, wir kümmern uns darum."
    ),
    "status.announced": "Die Bestellung {number} ist gepackt; der Paketdienst hat sie noch nicht abgeholt.",
    "status.returned": "Das Paket der Bestellung {number} geht an den Absender zurück.",
    "status.unshipped_late": (
        "Die Bestellung {number} sollte bis zum {date} ankommen, ist aber noch nicht verschickt."
    ),
    "status.parts": "Die Bestellung {number} kommt in mehreren Teilen: {parts}.",
    # asking for something
    "ask.proof": (
        "Damit wir das prüfen können, nennen Sie uns bitte die Bestellnummer und dazu die E-Mail-Adresse, "
        "Telefonnummer oder Postleitzahl der Bestellung."
    ),
    "ask.sign_in": (
        "Zu Ihrer Sicherheit müssen wir zuerst Ihre Identität prüfen. Bitte melden Sie sich an und schreiben "
        "Sie uns dann noch einmal."
    ),
    "ask.which_order": "Um welche Ihrer Bestellungen geht es?",
    "ask.which_items": "Welche Artikel der Bestellung {number} möchten Sie zurücksenden?",
    "ask.what_item": "Um welchen Artikel der Bestellung {number} geht es?",
    "ask.wrong_or_missing": "Ist es der falsche Artikel, oder fehlt er?",
    "ask.how_many": "Wie viele Stück sind betroffen?",
    # acting
    "return.started": (
        "Ihre Retoure {rma} zur Bestellung {number} ist genehmigt. Ihr Retourenetikett wird gerade erstellt "
        "und steht gleich hier bereit. Die Erstattung erfolgt, sobald die Artikel bei uns angekommen und "
        "geprüft sind."
    ),
    "return.awaits": (
        "Ihr Wunsch, Artikel der Bestellung {number} zurückzusenden, ist bei uns eingegangen ({rma}). Unser "
        "Kundenservice prüft ihn und antwortet Ihnen."
    ),
    "claim.opened": (
        "Ihre Meldung zur Bestellung {number} ist bei uns eingegangen. "
        "Unser Kundenservice prüft sie und antwortet Ihnen hier."
    ),
    "cancel.started": (
        "Wir stornieren die Bestellung {number}. Den bezahlten Betrag erstatten wir auf demselben Weg, auf "
        "dem Sie bezahlt haben."
    ),
    "cancel.started_unpaid": "Wir stornieren die Bestellung {number}. Es wurde nichts abgebucht.",
    "refund.started": (
        "Wir erstatten Ihnen {amount} für die Bestellung {number} auf demselben Weg, auf dem Sie bezahlt haben."
    ),
    "refund.status_succeeded": "Ihre Erstattung von {amount} für die Bestellung {number} wurde ausgezahlt.",
    "refund.status_pending": "Ihre Erstattung von {amount} für die Bestellung {number} ist unterwegs.",
    "refund.status_failed": (
        "Ihre Erstattung von {amount} für die Bestellung {number} konnte noch nicht ausgezahlt werden. Unser "
        "Kundenservice kümmert sich darum."
    ),
    "refund.status_none": "Für die Bestellung {number} gibt es bisher keine Erstattung.",
    # saying no
    "no.order_not_pending": (
        "Die Bestellung {number} kann nicht mehr storniert werden, weil sie bereits versendet wird. Sie "
        "können sie zurücksenden, sobald sie angekommen ist."
    ),
    "no.already_canceled": "Die Bestellung {number} ist bereits storniert.",
    "no.order_not_delivered": (
        "Die Bestellung {number} wurde noch nicht zugestellt und kann deshalb noch nicht zurückgesendet werden."
    ),
    "no.return_window_closed": "Die Rückgabefrist für die Bestellung {number} ist abgelaufen.",
    "no.already_returned": "Für die Artikel der Bestellung {number} läuft bereits eine Retoure.",
    "no.already_claimed": "Unser Kundenservice befasst sich bereits mit diesen Artikeln der Bestellung {number}.",
    "no.item_not_returnable": "Diese Artikel der Bestellung {number} sind von der Rückgabe ausgeschlossen.",
    # passing on
    "handoff": "Vielen Dank für Ihre Nachricht. Unser Kundenservice kümmert sich darum und antwortet Ihnen hier.",
    "handoff.angry": (
        "Das tut uns leid. Jemand aus unserem Kundenservice kümmert sich persönlich darum und antwortet Ihnen hier."
    ),
    "thanks": "Vielen Dank, das freut uns sehr!",
    "hello": "Guten Tag! Wie können wir Ihnen bei Ihrer Bestellung helfen?",
    # buttons
    "button.all_items": "Alle Artikel",
    "button.wrong": "Falscher Artikel",
    "button.missing": "Fehlt",
    "button.person": "Mit einem Menschen sprechen",
}
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": ", ",
    "part.delivered": "{parcels} zugestellt",
    "part.shipped": "{parcels} unterwegs",
    "part.shipped_eta": "{parcels} bis zum {date} erwartet",
    "part.out_for_delivery": "{parcels} heute in der Zustellung",
    "part.announced": "{parcels} noch nicht abgeholt",
    "part.delayed": "{parcels} verspätet",
    "part.silent": "{parcels} ohne Nachricht vom Paketdienst",
    "part.exception": "{parcels} mit einem Problem bei der Zustellung",
    "part.lost": "{parcels} vermutlich verloren",
    "part.returned": "{parcels} auf dem Weg zurück zum Absender",
    "part.preparing": "{items} noch in Vorbereitung",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "one": "{count} Paket",
        "other": "{count} Pakete",
    },
    "items": {
        "one": "{count} Artikel",
        "other": "{count} Artikel",
    },
    "status.silent": {
        "one": "Die Bestellung {number} ist unterwegs; der Paketdienst hat seit {count} Tag nichts gemeldet.",
        "other": "Die Bestellung {number} ist unterwegs; der Paketdienst hat seit {count} Tagen nichts gemeldet.",
    },
    "policy.return_window": {
        "one": (
            "Sie können Artikel innerhalb von {count} Tag nach der Zustellung zurücksenden. Nennen Sie uns dazu "
            "einfach die Bestellnummer."
        ),
        "other": (
            "Sie können Artikel innerhalb von {count} Tagen nach der Zustellung zurücksenden. Nennen Sie uns "
            "dazu einfach die Bestellnummer."
        ),
    },
}
