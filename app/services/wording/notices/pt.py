"""Portuguese."""

NOTICES: dict[str, str] = {
    "withdrawal.subject": "A sua livre resolução da encomenda {number}",
    "withdrawal.will_cancel": (
        "A encomenda é cancelada e não será enviada. Devolvemos o que pagou pelo mesmo meio de pagamento."
    ),
    "withdrawal.will_refund": (
        "Os artigos que ainda não foram enviados são retirados da encomenda. Devolvemos o que pagou por "
        "eles pelo mesmo meio de pagamento."
    ),
    "withdrawal.will_return": (
        "O cliente envia os artigos de volta. Quando chegarem, devolvemos o que pagou por eles pelo "
        "mesmo meio de pagamento."
    ),
    "withdrawal.confirm": "Confirme para que a sua decisão se torne vinculativa. Não precisa de indicar um motivo.",
    "withdrawal.received": (
        "Recebemos a sua livre resolução do contrato da encomenda {number}. Declarou-a em {date} às "
        "{time}. Abrange estes artigos:"
    ),
    "withdrawal.cancel": "A encomenda é cancelada e não será enviada.",
    "withdrawal.refund": "Estes artigos já não serão enviados se ainda não saíram do nosso armazém.",
    "withdrawal.return": ("Envie de volta o que recebeu, o mais tardar até {back}. O seu número de devolução é {rma}."),
    "withdrawal.person": "A nossa equipa analisa o que há a fazer e escreve-lhe.",
    "withdrawal.due": "Devolvemos o que pagou pelo mesmo meio de pagamento, o mais tardar até {due}.",
    "withdrawal.due_part": (
        "Devolvemos o que pagou por estes artigos pelo mesmo meio de pagamento, o mais tardar até {due}."
    ),
    "withdrawal.keep": "A sua referência é {reference}. Guarde esta mensagem.",
    "confirmation.subject": "Confirmação da encomenda {number}",
    "confirmation.placed": "Obrigado pela sua encomenda {number} de {date}. Contém:",
    "confirmation.total": "Valor total: {amount}.",
    "return.started.subject": "A sua devolução da encomenda {number} começou",
    "return.started": "A sua devolução {rma} da encomenda {number} começou. Abrange estes artigos:",
    "exchange.started.subject": "A sua troca da encomenda {number} começou",
    "exchange.started": "A sua troca {rma} da encomenda {number} começou. Abrange estes artigos:",
    "return.send": "Envie-nos os artigos de volta. Escrevemos-lhe assim que chegarem.",
    "return.keep": "Pode ficar com os artigos; não precisa de devolver nada.",
    "return.arrived.subject": "A sua devolução da encomenda {number} chegou",
    "return.arrived": "A sua devolução {rma} da encomenda {number} chegou. Recebemos estes artigos:",
    "refund.paid.subject": "O seu reembolso da encomenda {number} foi pago",
    "refund.paid": "Reembolsámos {amount} da encomenda {number} pelo mesmo meio de pagamento.",
    "credit.given.subject": "Saldo da loja pela encomenda {number}",
    "refund.paid_credit": "Creditámos {amount} da encomenda {number} como saldo da loja.",
    "refund.paid_method": "Pagámos {amount} da encomenda {number} no meio de pagamento que escolheu.",
    "code.subject": "O seu código",
    "code.text": (
        "O seu código é {code}. É válido durante dez minutos. Introduza-o na página onde o pediu e não o "
        "dê a ninguém. Se não o pediu, não precisa de fazer nada."
    ),
}
