"""Spanish."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "Hemos recibido el pedido {number} y pronto empezaremos a prepararlo.",
    "status.processing": "Estamos preparando el envío del pedido {number}.",
    "status.shipped": "El pedido {number} está en camino.",
    "status.shipped_eta": "El pedido {number} está en camino y debería llegar, a más tardar, el {date}.",
    "status.out_for_delivery": "El pedido {number} está hoy en reparto.",
    "status.delayed": "El pedido {number} está en camino, pero con retraso: debía llegar, a más tardar, el {date}.",
    "status.exception": (
        "El pedido {number} está en camino; la empresa de transporte informa de un problema con la entrega."
    ),
    "status.delivered": "El pedido {number} ha sido entregado.",
    "status.delivered_on": "El pedido {number} se entregó el {date}.",
    "status.canceled": "El pedido {number} ha sido cancelado.",
    "status.lost": (
        "El paquete del pedido {number} probablemente se ha perdido por el camino. Escríbanos y lo solucionaremos."
    ),
    "status.announced": "El pedido {number} está empaquetado; la empresa de transporte aún no lo ha recogido.",
    "status.returned": "El paquete del pedido {number} vuelve al remitente.",
    "status.unshipped_late": (
        "El pedido {number} debía llegar, a más tardar, el {date}, pero todavía no se ha enviado."
    ),
    "status.parts": "El pedido {number} llega en varias partes: {parts}.",
    # asking for something
    "ask.proof": (
        "Para poder consultarlo, indíquenos por favor el número de pedido y el correo electrónico, el "
        "teléfono o el código postal del pedido."
    ),
    "ask.sign_in": (
        "Por su seguridad, antes necesitamos confirmar su identidad. Inicie sesión, por favor, y vuelva a "
        "hacernos la petición."
    ),
    "ask.which_order": "¿De cuál de sus pedidos se trata?",
    "ask.which_items": "¿Qué artículos del pedido {number} desea devolver?",
    "ask.what_item": "¿De qué artículo del pedido {number} se trata?",
    "ask.wrong_or_missing": "¿Es un artículo equivocado o falta?",
    "ask.how_many": "¿Cuántas unidades están afectadas?",
    # acting
    "return.started": (
        "Su devolución {rma} del pedido {number} está aprobada. Estamos preparando la etiqueta de "
        "devolución, que estará disponible aquí en un momento. Le haremos el reembolso cuando hayamos "
        "recibido y revisado los artículos."
    ),
    "return.awaits": (
        "Hemos recibido su solicitud de devolución del pedido {number} ({rma}). Nuestro equipo la revisará y "
        "le responderá."
    ),
    "claim.opened": (
        "Hemos recibido su aviso sobre el pedido {number}. "
        "Una persona de nuestro equipo lo revisará y le responderá aquí."
    ),
    "cancel.started": "Estamos cancelando el pedido {number}. Le devolveremos lo que pagó por el mismo medio de pago.",
    "cancel.started_unpaid": "Estamos cancelando el pedido {number}. No se le ha cobrado nada.",
    "refund.started": "Le estamos reembolsando {amount} del pedido {number} por el mismo medio de pago.",
    "refund.status_succeeded": "Su reembolso de {amount} del pedido {number} ya se ha realizado.",
    "refund.status_pending": "Su reembolso de {amount} del pedido {number} está en camino.",
    "refund.status_failed": (
        "Su reembolso de {amount} del pedido {number} aún no se ha podido realizar. Nuestro equipo lo está revisando."
    ),
    "refund.status_none": "Por ahora no hay ningún reembolso del pedido {number}.",
    # saying no
    "no.order_not_pending": (
        "El pedido {number} ya no se puede cancelar porque ya se está enviando. Podrá devolverlo cuando lo "
        "haya recibido."
    ),
    "no.already_canceled": "El pedido {number} ya está cancelado.",
    "no.order_not_delivered": "El pedido {number} todavía no se ha entregado, por lo que aún no se puede devolver.",
    "no.return_window_closed": "El plazo para devolver el pedido {number} ha terminado.",
    "no.already_returned": "Los artículos del pedido {number} ya están en proceso de devolución.",
    "no.already_claimed": "Una persona de nuestro equipo ya está revisando estos artículos del pedido {number}.",
    "no.item_not_returnable": "Estos artículos del pedido {number} no admiten devolución.",
    # passing on
    "handoff": "Gracias por su mensaje. Una persona de nuestro equipo se ocupará de ello y le responderá aquí.",
    "handoff.angry": (
        "Sentimos mucho lo ocurrido. Un miembro de nuestro equipo se ocupará personalmente de ello y le "
        "responderá aquí."
    ),
    "thanks": "¡Muchas gracias, nos alegra mucho saberlo!",
    "hello": "¡Hola! ¿En qué podemos ayudarle con su pedido?",
    # buttons
    "button.all_items": "Todos los artículos",
    "button.wrong": "Artículo equivocado",
    "button.missing": "Falta un artículo",
    "button.person": "Hablar con una persona",
}
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": ", ",
    "part.delivered": "{parcels} con entrega realizada",
    "part.shipped": "{parcels} en camino",
    "part.shipped_eta": "{parcels} a más tardar el {date}",
    "part.out_for_delivery": "{parcels} hoy en reparto",
    "part.announced": "{parcels} sin recoger todavía",
    "part.delayed": "{parcels} con retraso",
    "part.silent": "{parcels} sin noticias de la empresa de transporte",
    "part.exception": "{parcels} con un problema de entrega",
    "part.lost": "{parcels} con pérdida probable",
    "part.returned": "{parcels} de vuelta al remitente",
    "part.preparing": "{items} en preparación",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "one": "{count} paquete",
        "many": "{count} de paquetes",
        "other": "{count} paquetes",
    },
    "items": {
        "one": "{count} artículo",
        "many": "{count} de artículos",
        "other": "{count} artículos",
    },
    "status.silent": {
        "one": "El pedido {number} está en camino; la empresa de transporte no informa de nada desde hace {count} día.",
        "many": (
            "El pedido {number} está en camino; la empresa de transporte no informa de nada desde hace {count} de días."
        ),
        "other": (
            "El pedido {number} está en camino; la empresa de transporte no informa de nada desde hace {count} días."
        ),
    },
    "policy.return_window": {
        "one": (
            "Puede devolver los artículos en un plazo de {count} día desde la entrega. Solo tiene que indicarnos "
            "el número de pedido."
        ),
        "many": (
            "Puede devolver los artículos en un plazo de {count} de días desde la entrega. Solo tiene que "
            "indicarnos el número de pedido."
        ),
        "other": (
            "Puede devolver los artículos en un plazo de {count} días desde la entrega. Solo tiene que "
            "indicarnos el número de pedido."
        ),
    },
}
