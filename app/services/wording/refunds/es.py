"""Spanish."""

EXPLANATIONS: dict[str, str] = {
    "approval": ("Su reembolso de {amount} del pedido {number} espera la aprobación de una persona de nuestro equipo."),
    "waiting": (
        "Su reembolso de {amount} del pedido {number} se abonará en cuanto la tienda confirme el cambio del pedido."
    ),
    "pending": "Su reembolso de {amount} del pedido {number} está en camino.",
    "unknown": (
        "Su reembolso de {amount} del pedido {number} se ha solicitado; el proveedor de pagos aún no lo "
        "ha confirmado y el importe queda reservado para usted hasta entonces."
    ),
    "paid": "Su reembolso de {amount} del pedido {number} se ha abonado por el mismo medio con el que pagó.",
    "paid_credit": "Su reembolso de {amount} del pedido {number} se le ha concedido como saldo en la tienda.",
    "paid_method": ("Su reembolso de {amount} del pedido {number} se ha abonado en el medio de pago que eligió."),
    "part_open": ("De su reembolso de {amount} del pedido {number} se han abonado {part} y {rest} siguen en camino."),
    "part_failed": (
        "De su reembolso de {amount} del pedido {number} se han abonado {part}; no se han podido abonar {rest}."
    ),
    "failed": "Su reembolso de {amount} del pedido {number} no se ha podido abonar.",
    "elsewhere": (
        "Su reembolso de {amount} del pedido {number} no se ha abonado otra vez porque el dinero ya se "
        "había devuelto por otra vía."
    ),
    "reversed": ("Su reembolso de {amount} del pedido {number} se había abonado, pero el banco lo devolvió el {date}."),
    "part_reversed": (
        "De su reembolso de {amount} del pedido {number} se han abonado {part}; el banco devolvió {rest} el {date}."
    ),
    "kept": ("Su reembolso de {amount} del pedido {number} no se ha abonado porque el pedido quedó como estaba."),
    "rejected": "Su reembolso de {amount} del pedido {number} no se ha aprobado.",
    "after_all": (
        "Su reembolso de {amount} del pedido {number} se dio primero por fallido; el proveedor de pagos "
        "indica ahora que se ha abonado."
    ),
    "short": "De ese importe no se han podido abonar {short}.",
    "fee": "Se han retenido {fee} en concepto de gastos.",
    "shipping": "De ese importe, {shipping} corresponden al envío.",
    "currency": "Usted pagó en {currency}: su banco convierte el importe a su propio tipo de cambio.",
}
