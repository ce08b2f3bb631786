"""Dutch."""

NOTICES: dict[str, str] = {
    "withdrawal.subject": "Uw herroeping van bestelling {number}",
    "withdrawal.will_cancel": (
        "De bestelling wordt geannuleerd en niet verzonden. U krijgt uw geld terug op de manier waarop u hebt betaald."
    ),
    "withdrawal.will_refund": (
        "De artikelen die nog niet zijn verzonden, gaan uit de bestelling. U krijgt het geld daarvoor "
        "terug op de manier waarop u hebt betaald."
    ),
    "withdrawal.will_return": (
        "U stuurt de artikelen terug. Zodra ze zijn aangekomen, krijgt u het geld daarvoor terug op de "
        "manier waarop u hebt betaald."
    ),
    "withdrawal.confirm": "Bevestig om uw herroeping bindend te maken. U hoeft geen reden op te geven.",
    "withdrawal.received": (
        "Wij hebben uw herroeping van de overeenkomst voor bestelling {number} ontvangen. U hebt die "
        "verklaard op {date} om {time}. Het gaat om deze artikelen:"
    ),
    "withdrawal.cancel": "De bestelling wordt geannuleerd en niet verzonden.",
    "withdrawal.refund": "Deze artikelen worden niet meer verzonden als ze ons magazijn nog niet hebben verlaten.",
    "withdrawal.return": "Stuur terug wat u hebt ontvangen, uiterlijk op {back}. Uw retournummer is {rma}.",
    "withdrawal.person": "Ons team bekijkt wat er nu moet gebeuren en schrijft u.",
    "withdrawal.due": "U krijgt uw geld uiterlijk op {due} terug op de manier waarop u hebt betaald.",
    "withdrawal.due_part": (
        "U krijgt uw geld voor deze artikelen uiterlijk op {due} terug op de manier waarop u hebt betaald."
    ),
    "withdrawal.keep": "Uw kenmerk is {reference}. Bewaar dit bericht.",
    "confirmation.subject": "Bevestiging van bestelling {number}",
    "confirmation.placed": "Bedankt voor uw bestelling {number} van {date}. Deze bevat:",
    "confirmation.total": "Totaalbedrag: {amount}.",
    "return.started.subject": "Uw retour voor bestelling {number} is begonnen",
    "return.started": "Uw retour {rma} voor bestelling {number} is begonnen. Het gaat om deze artikelen:",
    "exchange.started.subject": "Uw ruil voor bestelling {number} is begonnen",
    "exchange.started": "Uw ruil {rma} voor bestelling {number} is begonnen. Het gaat om deze artikelen:",
    "return.send": "Stuur de artikelen terug. Wij schrijven u zodra ze zijn aangekomen.",
    "return.keep": "U mag de artikelen houden en hoeft niets terug te sturen.",
    "return.arrived.subject": "Uw retour voor bestelling {number} is aangekomen",
    "return.arrived": "Uw retour {rma} voor bestelling {number} is aangekomen. Wij hebben deze artikelen ontvangen:",
    "refund.paid.subject": "Uw terugbetaling voor bestelling {number} is uitbetaald",
    "refund.paid": "Wij hebben u {amount} voor bestelling {number} terugbetaald op de manier waarop u hebt betaald.",
    "credit.given.subject": "Winkeltegoed voor bestelling {number}",
    "refund.paid_credit": "Wij hebben u {amount} aan winkeltegoed gegeven voor bestelling {number}.",
    "refund.paid_method": "Wij hebben {amount} voor bestelling {number} uitbetaald op de betaalmethode van uw keuze.",
    "code.subject": "Uw code",
    "code.text": (
        "Uw code is {code}. De code is tien minuten geldig. Vul deze in op de pagina waar u erom vroeg "
        "en geef deze aan niemand door. Hebt u er niet om gevraagd, dan hoeft u niets te doen."
    ),
}
