"""French."""

EXPLANATIONS: dict[str, str] = {
    "approval": (
        "Votre remboursement de {amount} pour la commande {number} attend l'accord d'un membre de notre équipe."
    ),
    "waiting": (
        "Votre remboursement de {amount} pour la commande {number} sera versé dès que la boutique aura "
        "confirmé la modification de la commande."
    ),
    "pending": "Votre remboursement de {amount} pour la commande {number} est en cours.",
    "unknown": (
        "Votre remboursement de {amount} pour la commande {number} a été demandé ; le prestataire de "
        "paiement ne l'a pas encore confirmé et le montant vous reste réservé d'ici là."
    ),
    "paid": (
        "Votre remboursement de {amount} pour la commande {number} a été versé sur le moyen de paiement "
        "utilisé à l'achat."
    ),
    "paid_credit": ("Votre remboursement de {amount} pour la commande {number} vous a été accordé sous forme d'avoir."),
    "paid_method": (
        "Votre remboursement de {amount} pour la commande {number} a été versé sur le moyen de paiement "
        "que vous avez choisi."
    ),
    "part_open": (
        "Sur votre remboursement de {amount} pour la commande {number}, {part} ont été versés et {rest} "
        "sont encore en cours."
    ),
    "part_failed": (
        "Sur votre remboursement de {amount} pour la commande {number}, {part} ont été versés ; {rest} "
        "n'ont pas pu l'être."
    ),
    "failed": "Votre remboursement de {amount} pour la commande {number} n'a pas pu être versé.",
    "elsewhere": (
        "Votre remboursement de {amount} pour la commande {number} n'a pas été versé une seconde fois, "
        "car l'argent avait déjà été rendu par une autre voie."
    ),
    "reversed": (
        "Votre remboursement de {amount} pour la commande {number} avait été versé, mais la banque l'a "
        "renvoyé le {date}."
    ),
    "part_reversed": (
        "Sur votre remboursement de {amount} pour la commande {number}, {part} ont été versés ; la "
        "banque a renvoyé {rest} le {date}."
    ),
    "kept": (
        "Votre remboursement de {amount} pour la commande {number} n'a pas été versé, car la commande "
        "est restée inchangée."
    ),
    "rejected": "Votre remboursement de {amount} pour la commande {number} n'a pas été accordé.",
    "after_all": (
        "Votre remboursement de {amount} pour la commande {number} avait d'abord été considéré comme "
        "échoué ; le prestataire de paiement indique maintenant qu'il a été versé."
    ),
    "short": "{short} de ce montant n'ont pas pu être versés.",
    "fee": "{fee} ont été retenus à titre de frais.",
    "shipping": "{shipping} de ce montant concernent la livraison.",
    "currency": "Vous avez payé en {currency} : votre banque convertit le montant à son propre taux.",
}
