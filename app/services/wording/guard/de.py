"""German."""

REASONS: dict[str, str] = {
    "allowed": "Es spricht nichts dagegen.",
    "not_owner": "Die Bestellung gehört zu einem anderen Kundenkonto.",
    "proof": "Dafür ist ein Identitätsnachweis der Stufe {level} nötig.",
    # the order's state
    "already_canceled": "Die Bestellung ist bereits storniert.",
    "not_pending": "Die Bestellung ist schon in Bearbeitung oder versendet.",
    "not_delivered": "Die Bestellung wurde noch nicht zugestellt.",
    "items_lock": "Die Artikel der Bestellung wurden geändert, deshalb lässt sich nichts weiter daran ändern.",
    "items_once": "Die Artikel der Bestellung wurden schon einmal geändert.",
    "payment_once": "Die Zahlungsart der Bestellung wurde schon einmal geändert.",
    "changes_refused": "Bestellungen dieses Shops lassen sich nach dem Kauf nicht ändern.",
    "changes_ask": "Dieser Änderung der Bestellung muss jemand aus unserem Team zustimmen.",
    "one_return": (
        "Zu der Bestellung gibt es schon eine Rückgabe oder einen Umtausch, und mehr als einmal ist das nicht möglich."
    ),
    "exchange_once": "Die Bestellung wurde schon einmal umgetauscht.",
    # its lines
    "final_sale": "Der Artikel ist von der Rückgabe ausgeschlossen.",
    "hygiene": "Der Artikel kann aus Gründen der Hygiene nicht zurückgegeben werden.",
    "once": "Für die Artikel läuft bereits eine Rückgabe.",
    "paid_back": "Der Kaufpreis wurde bereits zurückgezahlt.",
    "window": "Die Rückgabe war nur bis zum {date} möglich.",
    "window_unknown": "Der Tag der Zustellung ist nicht bekannt.",
    "withdrawal": "Der Widerruf war nur bis zum {date} möglich.",
    "reasons": "Diesen Grund sieht der Shop nicht vor.",
    "reason_missing": "Bitte nennen Sie einen Grund.",
    "photos": "Es werden Fotos des Artikels benötigt.",
    "resolutions": "Das bietet der Shop für diesen Artikel nicht an.",
    "keep_items": "Diese Artikel dürfen nicht behalten werden und müssen zurückgeschickt werden.",
    "destinations": "Dorthin kann das Geld nicht ausgezahlt werden.",
    # the store's own rules and limits
    "rule_refuse": "Eine Regel des Shops lässt das nicht zu.",
    "rule_ask": "Nach einer Regel des Shops muss jemand aus dem Team zustimmen.",
    "rule_allow": "Eine Regel des Shops erlaubt das.",
    "abuse": "Diese Anfrage muss sich zuerst jemand aus unserem Team ansehen.",
    "abuse_refuse": "Diese Anfrage kann nicht automatisch erfüllt werden.",
    "instant": "Die Artikel müssen zurück sein, bevor das Geld ausgezahlt wird.",
    "caps_none": "In {currency} gibt es keine automatische Erstattung.",
    "caps_refund": "Der Betrag liegt über der Grenze für eine einzelne Erstattung.",
    "caps_order": "Der Betrag liegt über der Grenze für eine Bestellung.",
    "caps_customer": "Der Betrag liegt über der Grenze für ein Kundenkonto.",
    "caps_day": "Der Betrag liegt über der Grenze für einen Tag.",
    "two_persons": "Diesem Betrag müssen zwei Personen zustimmen.",
    "approval": "Das wartet auf die Zustimmung unseres Teams.",
}
