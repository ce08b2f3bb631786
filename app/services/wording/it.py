"""Italian."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "L’ordine {number} è stato ricevuto e sarà presto preparato.",
    "status.processing": "L’ordine {number} è in preparazione per la spedizione.",
    "status.shipped": "L’ordine {number} è in viaggio.",
    "status.shipped_eta": "L’ordine {number} è in viaggio e dovrebbe arrivare al più tardi in data {date}.",
    "status.out_for_delivery": "L’ordine {number} è oggi in consegna.",
    "status.delayed": "L’ordine {number} è in viaggio ma in ritardo: doveva arrivare al più tardi in data {date}.",
    "status.exception": "L’ordine {number} è in viaggio; il corriere segnala un problema con la consegna.",
    "status.delivered": "L’ordine {number} è stato consegnato.",
    "status.delivered_on": "L’ordine {number} è stato consegnato in data {date}.",
    "status.canceled": "L’ordine {number} è stato annullato.",
    "status.lost": (
        "Il pacco dell’ordine {number} è stato probabilmente smarrito durante il viaggio. Ci scriva e "
        "troveremo una soluzione."
    ),
    "status.announced": "L’ordine {number} è imballato; il corriere non lo ha ancora ritirato.",
    "status.returned": "Il pacco dell’ordine {number} sta tornando al mittente.",
    "status.unshipped_late": (
        "L’ordine {number} doveva arrivare al più tardi in data {date}, ma non è ancora stato spedito."
    ),
    "status.parts": "L’ordine {number} arriva in più parti: {parts}.",
    # asking for something
    "ask.proof": (
        "Per poter verificare, ci indichi per favore il numero d’ordine e l’indirizzo e-mail, il numero di "
        "telefono o il CAP dell’ordine."
    ),
    "ask.sign_in": (
        "Per la Sua sicurezza dobbiamo prima verificare la Sua identità. Effettui l’accesso e ci scriva di "
        "nuovo, per favore."
    ),
    "ask.which_order": "Di quale dei Suoi ordini si tratta?",
    "ask.which_items": "Quali articoli dell’ordine {number} desidera restituire?",
    "ask.what_item": "Di quale articolo dell’ordine {number} si tratta?",
    "ask.wrong_or_missing": "È l’articolo sbagliato oppure manca?",
    "ask.how_many": "Quanti pezzi sono interessati?",
    # acting
    "return.started": (
        "Il Suo reso {rma} per l’ordine {number} è stato approvato. L’etichetta di reso è in preparazione e "
        "sarà disponibile qui tra un attimo. Riceverà il rimborso quando gli articoli saranno arrivati e "
        "saranno stati controllati."
    ),
    "return.awaits": (
        "Abbiamo ricevuto la Sua richiesta di reso per l’ordine {number} ({rma}). Il nostro servizio clienti "
        "la esaminerà e Le risponderà."
    ),
    "claim.opened": (
        "Abbiamo ricevuto la Sua segnalazione sull’ordine {number}. "
        "Il nostro servizio clienti la esaminerà e Le risponderà qui."
    ),
    "cancel.started": (
        "Stiamo annullando l’ordine {number}. L’importo pagato Le sarà restituito con lo stesso metodo di pagamento."
    ),
    "cancel.started_unpaid": "Stiamo annullando l’ordine {number}. Non Le è stato addebitato nulla.",
    "refund.started": "Le stiamo rimborsando {amount} per l’ordine {number} con lo stesso metodo di pagamento.",
    "refund.status_succeeded": "Il Suo rimborso di {amount} per l’ordine {number} è stato effettuato.",
    "refund.status_pending": "Il Suo rimborso di {amount} per l’ordine {number} è in corso.",
    "refund.status_failed": (
        "Non è stato ancora possibile effettuare il Suo rimborso di {amount} per l’ordine {number}. Il "
        "nostro servizio clienti se ne sta occupando."
    ),
    "refund.status_none": "Al momento non risultano rimborsi per l’ordine {number}.",
    # saying no
    "no.order_not_pending": (
        "L’ordine {number} non può più essere annullato perché è già in fase di spedizione. Potrà "
        "restituirlo una volta ricevuto."
    ),
    "no.already_canceled": "L’ordine {number} è già stato annullato.",
    "no.order_not_delivered": (
        "L’ordine {number} non è ancora stato consegnato, quindi non può ancora essere restituito."
    ),
    "no.return_window_closed": "Il termine per restituire l’ordine {number} è scaduto.",
    "no.already_returned": "Per gli articoli dell’ordine {number} è già in corso un reso.",
    "no.already_claimed": "Il nostro servizio clienti sta già esaminando questi articoli dell’ordine {number}.",
    "no.item_not_returnable": "Questi articoli dell’ordine {number} non possono essere restituiti.",
    # passing on
    "handoff": "Grazie per il Suo messaggio. Il nostro servizio clienti se ne occuperà e Le risponderà qui.",
    "handoff.angry": (
        "Siamo davvero spiacenti. Un addetto del nostro servizio clienti se ne occuperà personalmente e Le "
        "risponderà qui."
    ),
    "thanks": "Grazie mille, ci fa molto piacere!",
    "hello": "Buongiorno! Come possiamo aiutarLa con il Suo ordine?",
    # buttons
    "button.all_items": "Tutti gli articoli",
    "button.wrong": "Articolo sbagliato",
    "button.missing": "Articolo mancante",
    "button.person": "Parlare con una persona",
}
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": ", ",
    "part.delivered": "{parcels} con consegna avvenuta",
    "part.shipped": "{parcels} in viaggio",
    "part.shipped_eta": "{parcels} al più tardi in data {date}",
    "part.out_for_delivery": "{parcels} oggi in consegna",
    "part.announced": "{parcels} in attesa del corriere",
    "part.delayed": "{parcels} in ritardo",
    "part.silent": "{parcels} senza notizie dal corriere",
    "part.exception": "{parcels} con un problema di consegna",
    "part.lost": "{parcels} con probabile smarrimento",
    "part.returned": "{parcels} di ritorno al mittente",
    "part.preparing": "{items} in preparazione",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "one": "{count} pacco",
        "many": "{count} di pacchi",
        "other": "{count} pacchi",
    },
    "items": {
        "one": "{count} articolo",
        "many": "{count} di articoli",
        "other": "{count} articoli",
    },
    "status.silent": {
        "one": "L’ordine {number} è in viaggio; il corriere non segnala nulla da {count} giorno.",
        "many": "L’ordine {number} è in viaggio; il corriere non segnala nulla da {count} di giorni.",
        "other": "L’ordine {number} è in viaggio; il corriere non segnala nulla da {count} giorni.",
    },
    "policy.return_window": {
        "one": "Può restituire gli articoli entro {count} giorno dalla consegna. Basta indicarci il numero d’ordine.",
        "many": (
            "Può restituire gli articoli entro {count} di giorni dalla consegna. Basta indicarci il numero d’ordine."
        ),
        "other": "Può restituire gli articoli entro {count} giorni dalla consegna. Basta indicarci il numero d’ordine.",
    },
}
