"""Spanish."""

NOTICES: dict[str, str] = {
    "withdrawal.subject": "Su desistimiento del pedido {number}",
    "withdrawal.will_cancel": (
        "El pedido se cancela y no se envía. Le devolvemos lo pagado por el mismo medio de pago."
    ),
    "withdrawal.will_refund": (
        "Los artículos que no se han enviado se retiran del pedido. Le devolvemos lo pagado por ellos "
        "por el mismo medio de pago."
    ),
    "withdrawal.will_return": (
        "Usted nos devuelve los artículos. Cuando lleguen, le devolvemos lo pagado por ellos por el "
        "mismo medio de pago."
    ),
    "withdrawal.confirm": "Confirme para que su desistimiento sea vinculante. No tiene que indicar ningún motivo.",
    "withdrawal.received": (
        "Hemos recibido su desistimiento del contrato del pedido {number}. Lo declaró el {date} a las "
        "{time}. Comprende estos artículos:"
    ),
    "withdrawal.cancel": "El pedido se cancela y no se envía.",
    "withdrawal.refund": "Estos artículos ya no se envían si aún no han salido de nuestro almacén.",
    "withdrawal.return": "Devuelva lo que haya recibido, a más tardar el {back}. Su número de devolución es {rma}.",
    "withdrawal.person": "Nuestro equipo revisa lo que hay que hacer y le escribe.",
    "withdrawal.due": "Le devolvemos lo pagado por el mismo medio de pago, a más tardar el {due}.",
    "withdrawal.due_part": (
        "Le devolvemos lo pagado por estos artículos por el mismo medio de pago, a más tardar el {due}."
    ),
    "withdrawal.keep": "Su referencia es {reference}. Conserve este mensaje.",
    "confirmation.subject": "Confirmación del pedido {number}",
    "confirmation.placed": "Gracias por su pedido {number} del {date}. Contiene:",
    "confirmation.total": "Importe total: {amount}.",
    "return.started.subject": "Su devolución del pedido {number} ha comenzado",
    "return.started": "Su devolución {rma} del pedido {number} ha comenzado. Comprende estos artículos:",
    "exchange.started.subject": "Su cambio del pedido {number} ha comenzado",
    "exchange.started": "Su cambio {rma} del pedido {number} ha comenzado. Comprende estos artículos:",
    "return.send": "Envíenos los artículos de vuelta. Le escribiremos en cuanto lleguen.",
    "return.keep": "Puede quedarse con los artículos; no tiene que devolver nada.",
    "return.arrived.subject": "Su devolución del pedido {number} ha llegado",
    "return.arrived": "Su devolución {rma} del pedido {number} ha llegado. Hemos recibido estos artículos:",
    "refund.paid.subject": "Su reembolso del pedido {number} está pagado",
    "refund.paid": "Le hemos reembolsado {amount} del pedido {number} por el mismo medio de pago.",
    "credit.given.subject": "Saldo de la tienda por el pedido {number}",
    "refund.paid_credit": "Le hemos abonado {amount} del pedido {number} como saldo de la tienda.",
    "refund.paid_method": "Hemos pagado {amount} del pedido {number} en el medio de pago que usted eligió.",
    "code.subject": "Su código",
    "code.text": (
        "Su código es {code}. Es válido durante diez minutos. Introdúzcalo en la página en la que lo ha "
        "solicitado y no se lo dé a nadie. Si no lo ha solicitado, no tiene que hacer nada."
    ),
}
