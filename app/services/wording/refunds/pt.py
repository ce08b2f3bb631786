"""Portuguese."""

EXPLANATIONS: dict[str, str] = {
    "approval": ("O seu reembolso de {amount} do pedido {number} aguarda a aprovação de uma pessoa da nossa equipa."),
    "waiting": (
        "O seu reembolso de {amount} do pedido {number} será pago assim que a loja confirmar a alteração do pedido."
    ),
    "pending": "O seu reembolso de {amount} do pedido {number} está a caminho.",
    "unknown": (
        "O seu reembolso de {amount} do pedido {number} foi solicitado; o prestador de pagamentos ainda "
        "não o confirmou e o valor fica reservado para si até lá."
    ),
    "paid": "O seu reembolso de {amount} do pedido {number} foi pago da mesma forma que pagou.",
    "paid_credit": "O seu reembolso de {amount} do pedido {number} foi-lhe dado como crédito na loja.",
    "paid_method": ("O seu reembolso de {amount} do pedido {number} foi pago na forma de pagamento que escolheu."),
    "part_open": (
        "Do seu reembolso de {amount} do pedido {number} já foram pagos {part} e {rest} ainda estão a caminho."
    ),
    "part_failed": (
        "Do seu reembolso de {amount} do pedido {number} já foram pagos {part}; não foi possível pagar {rest}."
    ),
    "failed": "Não foi possível pagar o seu reembolso de {amount} do pedido {number}.",
    "elsewhere": (
        "O seu reembolso de {amount} do pedido {number} não foi pago outra vez, porque o dinheiro já "
        "tinha sido devolvido por outra via."
    ),
    "reversed": ("O seu reembolso de {amount} do pedido {number} tinha sido pago, mas o banco devolveu-o em {date}."),
    "part_reversed": (
        "Do seu reembolso de {amount} do pedido {number} foram pagos {part}; o banco devolveu {rest} em {date}."
    ),
    "kept": "O seu reembolso de {amount} do pedido {number} não foi pago, porque o pedido ficou como estava.",
    "rejected": "O seu reembolso de {amount} do pedido {number} não foi aprovado.",
    "after_all": (
        "O seu reembolso de {amount} do pedido {number} foi primeiro dado como falhado; o prestador de "
        "pagamentos indica agora que foi pago."
    ),
    "short": "Desse valor não foi possível pagar {short}.",
    "fee": "Foram retidos {fee} a título de taxa.",
    "shipping": "Desse valor, {shipping} dizem respeito ao envio.",
    "currency": "Pagou em {currency}: o seu banco converte o valor à sua própria taxa de câmbio.",
}
