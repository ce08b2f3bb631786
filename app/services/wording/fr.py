"""French."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "La commande {number} a bien été reçue et sera bientôt préparée.",
    "status.processing": "La commande {number} est en cours de préparation.",
    "status.shipped": "La commande {number} est en route.",
    "status.shipped_eta": "La commande {number} est en route et devrait arriver au plus tard le {date}.",
    "status.out_for_delivery": "La commande {number} est en cours de livraison aujourd’hui.",
    "status.delayed": (
        "La commande {number} est en route mais en retard : elle devait arriver au plus tard le {date}."
    ),
    "status.exception": "La commande {number} est en route ; le transporteur signale un problème de livraison.",
    "status.delivered": "La commande {number} a été livrée.",
    "status.delivered_on": "La commande {number} a été livrée le {date}.",
    "status.canceled": "La commande {number} a été annulée.",
    "status.lost": (
        "Le colis de la commande {number} a probablement été perdu en chemin. Écrivez-nous, nous nous en occupons."
    ),
    "status.announced": "La commande {number} est emballée ; le transporteur ne l’a pas encore prise en charge.",
    "status.returned": "Le colis de la commande {number} est renvoyé à l’expéditeur.",
    "status.unshipped_late": (
        "La commande {number} devait arriver au plus tard le {date}, mais n’a pas encore été expédiée."
    ),
    "status.parts": "La commande {number} arrive en plusieurs parties : {parts}.",
    # asking for something
    "ask.proof": (
        "Pour que nous puissions vérifier, merci de nous indiquer le numéro de commande ainsi que l’adresse "
        "e-mail, le numéro de téléphone ou le code postal de la commande."
    ),
    "ask.sign_in": (
        "Pour votre sécurité, nous devons d’abord nous assurer de votre identité. Veuillez vous connecter, "
        "puis renouveler votre demande."
    ),
    "ask.which_order": "De quelle commande s’agit-il ?",
    "ask.which_items": "Quels articles de la commande {number} souhaitez-vous retourner ?",
    "ask.what_item": "De quel article de la commande {number} s’agit-il ?",
    "ask.wrong_or_missing": "Est-ce le mauvais article, ou manque-t-il ?",
    "ask.how_many": "Combien de pièces sont concernées ?",
    # acting
    "return.started": (
        "Votre retour {rma} pour la commande {number} est accepté. Votre étiquette de retour est en "
        "préparation et sera disponible ici dans un instant. Nous vous rembourserons une fois les articles "
        "reçus et contrôlés."
    ),
    "return.awaits": (
        "Votre demande de retour pour la commande {number} nous est bien parvenue ({rma}). Notre service "
        "client l’examine et vous répondra."
    ),
    "claim.opened": (
        "Votre signalement concernant la commande {number} nous est bien parvenu. "
        "Notre service client l’examine et vous répondra ici."
    ),
    "cancel.started": (
        "Nous annulons la commande {number}. Le montant payé vous sera remboursé par le moyen de paiement utilisé."
    ),
    "cancel.started_unpaid": "Nous annulons la commande {number}. Rien ne vous a été débité.",
    "refund.started": "Nous vous remboursons {amount} pour la commande {number} par le moyen de paiement utilisé.",
    "refund.status_succeeded": "Votre remboursement de {amount} pour la commande {number} a été effectué.",
    "refund.status_pending": "Votre remboursement de {amount} pour la commande {number} est en cours.",
    "refund.status_failed": (
        "Votre remboursement de {amount} pour la commande {number} n’a pas encore pu être effectué. Notre "
        "service client s’en occupe."
    ),
    "refund.status_none": "Il n’y a pour l’instant aucun remboursement pour la commande {number}.",
    # saying no
    "no.order_not_pending": (
        "La commande {number} ne peut plus être annulée, car son expédition est déjà en cours. Vous pourrez "
        "la retourner dès sa réception."
    ),
    "no.already_canceled": "La commande {number} est déjà annulée.",
    "no.order_not_delivered": (
        "La commande {number} n’a pas encore été livrée ; elle ne peut donc pas encore être retournée."
    ),
    "no.return_window_closed": "Le délai de retour de la commande {number} est dépassé.",
    "no.already_returned": "Les articles de la commande {number} font déjà l’objet d’un retour.",
    "no.already_claimed": "Notre service client examine déjà ces articles de la commande {number}.",
    "no.item_not_returnable": "Ces articles de la commande {number} ne peuvent pas être retournés.",
    # passing on
    "handoff": "Merci pour votre message. Notre service client s’en occupe et vous répondra ici.",
    "handoff.angry": (
        "Nous sommes sincèrement désolés. Un membre de notre service client s’en occupe personnellement et "
        "vous répondra ici."
    ),
    "thanks": "Merci beaucoup, cela nous fait très plaisir !",
    "hello": "Bonjour ! Comment pouvons-nous vous aider pour votre commande ?",
    # buttons
    "button.all_items": "Tous les articles",
    "button.wrong": "Mauvais article",
    "button.missing": "Article manquant",
    "button.person": "Parler à un conseiller",
}
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": ", ",
    "part.delivered": "{parcels} avec livraison effectuée",
    "part.shipped": "{parcels} en route",
    "part.shipped_eta": "{parcels} au plus tard le {date}",
    "part.out_for_delivery": "{parcels} en cours de livraison aujourd’hui",
    "part.announced": "{parcels} en attente du transporteur",
    "part.delayed": "{parcels} en retard",
    "part.silent": "{parcels} sans nouvelles du transporteur",
    "part.exception": "{parcels} avec un problème de livraison",
    "part.lost": "{parcels} avec perte probable",
    "part.returned": "{parcels} en retour vers l’expéditeur",
    "part.preparing": "{items} en préparation",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "one": "{count} colis",
        "many": "{count} de colis",
        "other": "{count} colis",
    },
    "items": {
        "one": "{count} article",
        "many": "{count} d’articles",
        "other": "{count} articles",
    },
    "status.silent": {
        "one": "La commande {number} est en route ; le transporteur n’a rien signalé depuis {count} jour.",
        "many": "La commande {number} est en route ; le transporteur n’a rien signalé depuis {count} de jours.",
        "other": "La commande {number} est en route ; le transporteur n’a rien signalé depuis {count} jours.",
    },
    "policy.return_window": {
        "one": (
            "Vous pouvez retourner vos articles dans un délai de {count} jour après la livraison. Il suffit de "
            "nous indiquer le numéro de commande."
        ),
        "many": (
            "Vous pouvez retourner vos articles dans un délai de {count} de jours après la livraison. Il suffit "
            "de nous indiquer le numéro de commande."
        ),
        "other": (
            "Vous pouvez retourner vos articles dans un délai de {count} jours après la livraison. Il suffit de "
            "nous indiquer le numéro de commande."
        ),
    },
}
