"""Italian."""

NOTICES: dict[str, str] = {
    "withdrawal.subject": "Il Suo recesso dall’ordine {number}",
    "withdrawal.will_cancel": (
        "L’ordine viene annullato e non sarà spedito. Le rimborsiamo quanto pagato con lo stesso metodo di pagamento."
    ),
    "withdrawal.will_refund": (
        "Gli articoli non ancora spediti vengono tolti dall’ordine. Le rimborsiamo quanto pagato per "
        "essi con lo stesso metodo di pagamento."
    ),
    "withdrawal.will_return": (
        "Lei ci rispedisce gli articoli. Al loro arrivo Le rimborsiamo quanto pagato per essi con lo "
        "stesso metodo di pagamento."
    ),
    "withdrawal.confirm": "Confermi per rendere vincolante il Suo recesso. Non deve indicare alcun motivo.",
    "withdrawal.received": (
        "Abbiamo ricevuto il Suo recesso dal contratto relativo all’ordine {number}. Lo ha dichiarato il"
        " {date} alle {time}. Riguarda questi articoli:"
    ),
    "withdrawal.cancel": "L’ordine viene annullato e non sarà spedito.",
    "withdrawal.refund": "Questi articoli non vengono più spediti se non hanno ancora lasciato il nostro magazzino.",
    "withdrawal.return": (
        "Ci rispedisca quanto ha ricevuto, al più tardi entro il {back}. Il Suo numero di reso è {rma}."
    ),
    "withdrawal.person": "Il nostro team verifica come procedere e Le scrive.",
    "withdrawal.due": "Le rimborsiamo quanto pagato con lo stesso metodo di pagamento, al più tardi entro il {due}.",
    "withdrawal.due_part": (
        "Le rimborsiamo quanto pagato per questi articoli con lo stesso metodo "
        "di pagamento, al più tardi entro il {due}."
    ),
    "withdrawal.keep": "Il Suo riferimento è {reference}. Conservi questo messaggio.",
    "confirmation.subject": "Conferma dell’ordine {number}",
    "confirmation.placed": "Grazie per il Suo ordine {number} del {date}. Comprende:",
    "confirmation.total": "Totale: {amount}.",
    "return.started.subject": "Il Suo reso per l’ordine {number} è iniziato",
    "return.started": "Il Suo reso {rma} per l’ordine {number} è iniziato. Comprende questi articoli:",
    "exchange.started.subject": "Il Suo cambio per l’ordine {number} è iniziato",
    "exchange.started": "Il Suo cambio {rma} per l’ordine {number} è iniziato. Comprende questi articoli:",
    "return.send": "Ci rispedisca gli articoli. Le scriveremo non appena saranno arrivati.",
    "return.keep": "Può tenere gli articoli: non deve rispedire nulla.",
    "return.arrived.subject": "Il Suo reso per l’ordine {number} è arrivato",
    "return.arrived": "Il Suo reso {rma} per l’ordine {number} è arrivato. Abbiamo ricevuto questi articoli:",
    "refund.paid.subject": "Il Suo rimborso per l’ordine {number} è stato pagato",
    "refund.paid": "Le abbiamo rimborsato {amount} per l’ordine {number} con lo stesso metodo di pagamento.",
    "credit.given.subject": "Credito del negozio per l’ordine {number}",
    "refund.paid_credit": "Le abbiamo accreditato {amount} come credito del negozio per l’ordine {number}.",
    "refund.paid_method": "Abbiamo pagato {amount} per l’ordine {number} con il metodo di pagamento che ha scelto.",
    "code.subject": "Il suo codice",
    "code.text": (
        "Il suo codice è {code}. È valido per dieci minuti. Lo inserisca nella pagina in cui lo ha "
        "richiesto e non lo comunichi a nessuno. Se non lo ha richiesto, non deve fare nulla."
    ),
}
