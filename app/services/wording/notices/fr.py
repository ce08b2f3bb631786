"""French."""

NOTICES: dict[str, str] = {
    "withdrawal.subject": "Votre rétractation pour la commande {number}",
    "withdrawal.will_cancel": (
        "La commande est annulée et ne sera pas expédiée. Nous vous remboursons par le moyen de paiement utilisé."
    ),
    "withdrawal.will_refund": (
        "Les articles non expédiés sont retirés de la commande. Nous vous les remboursons par le moyen "
        "de paiement utilisé."
    ),
    "withdrawal.will_return": (
        "Vous nous renvoyez les articles. Nous vous les remboursons par le moyen de paiement utilisé dès leur arrivée."
    ),
    "withdrawal.confirm": (
        "Veuillez confirmer pour que votre rétractation prenne effet. Vous n’avez pas à donner de motif."
    ),
    "withdrawal.received": (
        "Nous avons bien reçu votre rétractation du contrat relatif à la commande {number}. Vous l’avez "
        "déclarée le {date} à {time}. Elle porte sur ces articles :"
    ),
    "withdrawal.cancel": "La commande est annulée et ne sera pas expédiée.",
    "withdrawal.refund": "Ces articles ne seront plus expédiés s’ils n’ont pas encore quitté nos locaux.",
    "withdrawal.return": (
        "Veuillez renvoyer ce que vous avez reçu au plus tard le {back}. Votre numéro de retour est {rma}."
    ),
    "withdrawal.person": "Notre équipe examine la suite à donner et vous écrit.",
    "withdrawal.due": "Nous vous remboursons par le moyen de paiement utilisé au plus tard le {due}.",
    "withdrawal.due_part": "Nous vous remboursons ces articles par le moyen de paiement utilisé au plus tard le {due}.",
    "withdrawal.keep": "Votre référence est {reference}. Veuillez conserver ce message.",
    "confirmation.subject": "Confirmation de votre commande {number}",
    "confirmation.placed": "Merci pour votre commande {number} du {date}. Elle comprend :",
    "confirmation.total": "Montant total : {amount}.",
    "return.started.subject": "Votre retour pour la commande {number} a commencé",
    "return.started": "Votre retour {rma} pour la commande {number} a commencé. Il porte sur ces articles :",
    "exchange.started.subject": "Votre échange pour la commande {number} a commencé",
    "exchange.started": "Votre échange {rma} pour la commande {number} a commencé. Il porte sur ces articles :",
    "return.send": "Veuillez nous renvoyer les articles. Nous vous écrirons dès leur arrivée.",
    "return.keep": "Vous pouvez garder les articles ; il n’y a rien à renvoyer.",
    "return.arrived.subject": "Votre retour pour la commande {number} est arrivé",
    "return.arrived": "Votre retour {rma} pour la commande {number} est arrivé. Nous avons reçu ces articles :",
    "refund.paid.subject": "Votre remboursement pour la commande {number} a été versé",
    "refund.paid": "Nous vous avons remboursé {amount} pour la commande {number} par le moyen de paiement utilisé.",
    "credit.given.subject": "Avoir pour la commande {number}",
    "refund.paid_credit": "Nous vous avons accordé {amount} d’avoir pour la commande {number}.",
    "refund.paid_method": "Nous avons versé {amount} pour la commande {number} sur le moyen de paiement choisi.",
    "code.subject": "Votre code",
    "code.text": (
        "Votre code est {code}. Il est valable dix minutes. Saisissez-le sur la page où vous l'avez "
        "demandé et ne le donnez à personne. Si vous ne l'avez pas demandé, vous n'avez rien à faire."
    ),
}
