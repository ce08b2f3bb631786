"""Italian."""

EXPLANATIONS: dict[str, str] = {
    "approval": (
        "Il rimborso di {amount} per l'ordine {number} attende l'approvazione di una persona del nostro team."
    ),
    "waiting": (
        "Il rimborso di {amount} per l'ordine {number} sarà pagato appena il negozio avrà confermato la "
        "modifica dell'ordine."
    ),
    "pending": "Il rimborso di {amount} per l'ordine {number} è in arrivo.",
    "unknown": (
        "Il rimborso di {amount} per l'ordine {number} è stato richiesto; il fornitore di pagamento non "
        "lo ha ancora confermato e fino ad allora l'importo resta riservato."
    ),
    "paid": ("Il rimborso di {amount} per l'ordine {number} è stato pagato con lo stesso metodo usato per l'acquisto."),
    "paid_credit": ("Il rimborso di {amount} per l'ordine {number} è stato accreditato come buono del negozio."),
    "paid_method": (
        "Il rimborso di {amount} per l'ordine {number} è stato pagato sul metodo di pagamento che ha scelto."
    ),
    "part_open": (
        "Del rimborso di {amount} per l'ordine {number} sono stati pagati {part}, mentre {rest} sono ancora in arrivo."
    ),
    "part_failed": (
        "Del rimborso di {amount} per l'ordine {number} sono stati pagati {part}; non è stato possibile pagare {rest}."
    ),
    "failed": "Non è stato possibile pagare il rimborso di {amount} per l'ordine {number}.",
    "elsewhere": (
        "Il rimborso di {amount} per l'ordine {number} non è stato pagato di nuovo, perché il denaro "
        "era già stato restituito per altra via."
    ),
    "reversed": (
        "Il rimborso di {amount} per l'ordine {number} era stato pagato, ma la banca lo ha restituito il {date}."
    ),
    "part_reversed": (
        "Del rimborso di {amount} per l'ordine {number} sono stati pagati {part}; la banca ha "
        "restituito {rest} il {date}."
    ),
    "kept": ("Il rimborso di {amount} per l'ordine {number} non è stato pagato, perché l'ordine è rimasto com'era."),
    "rejected": "Il rimborso di {amount} per l'ordine {number} non è stato approvato.",
    "after_all": (
        "Il rimborso di {amount} per l'ordine {number} era stato considerato non riuscito; il fornitore di "
        "pagamento comunica ora che è stato pagato."
    ),
    "short": "Di questi non è stato possibile pagare {short}.",
    "fee": "Sono stati trattenuti {fee} come spese.",
    "shipping": "Di questi, {shipping} riguardano la spedizione.",
    "currency": "Il pagamento era in {currency}: la banca converte l'importo al proprio tasso di cambio.",
}
