"""Portuguese, worded so that it reads well in Brazil and in Portugal."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "O pedido {number} foi recebido e será preparado em breve.",
    "status.processing": "O pedido {number} está em preparação para o envio.",
    "status.shipped": "O pedido {number} está a caminho.",
    "status.shipped_eta": "O pedido {number} está a caminho e deve chegar até {date}.",
    "status.out_for_delivery": "O pedido {number} saiu hoje para entrega.",
    "status.delayed": "O pedido {number} está a caminho, mas com atraso: devia chegar até {date}.",
    "status.exception": "O pedido {number} está a caminho; a transportadora informa um problema com a entrega.",
    "status.delivered": "O pedido {number} foi entregue.",
    "status.delivered_on": "O pedido {number} foi entregue em {date}.",
    "status.canceled": "O pedido {number} foi cancelado.",
    "status.lost": (
        "O pacote do pedido {number} provavelmente se perdeu no caminho. Escreva-nos e resolveremos a situação."
    ),
    "status.announced": "O pedido {number} está embalado; a transportadora ainda não o recolheu.",
    "status.returned": "O pacote do pedido {number} volta ao remetente.",
    "status.unshipped_late": "O pedido {number} devia chegar até {date}, mas ainda não foi enviado.",
    "status.parts": "O pedido {number} chega em várias partes: {parts}.",
    # asking for something
    "ask.proof": (
        "Para podermos verificar, informe por favor o número do pedido e o e-mail, o telefone ou o código "
        "postal (CEP) do pedido."
    ),
    "ask.sign_in": (
        "Para a sua segurança, a sua identidade precisa primeiro ser confirmada. Por favor, entre na sua "
        "conta e escreva-nos novamente."
    ),
    "ask.which_order": "De qual dos seus pedidos se trata?",
    "ask.which_items": "Que produtos do pedido {number} deseja devolver?",
    "ask.what_item": "De qual produto do pedido {number} se trata?",
    "ask.wrong_or_missing": "O produto veio errado ou está faltando?",
    "ask.how_many": "Quantas unidades foram afetadas?",
    # acting
    "return.started": (
        "A sua devolução {rma} do pedido {number} foi aprovada. A etiqueta de devolução está em preparação e "
        "ficará disponível aqui dentro de instantes. O reembolso será feito depois de recebermos e "
        "verificarmos os produtos."
    ),
    "return.awaits": (
        "Recebemos a sua solicitação de devolução do pedido {number} ({rma}). O nosso atendimento vai "
        "analisá-la e responder."
    ),
    "claim.opened": "Recebemos a sua mensagem sobre o pedido {number}. Um colega vai analisar e responder aqui.",
    "cancel.started": (
        "O cancelamento do pedido {number} está em curso. O valor pago será devolvido pelo mesmo meio de pagamento."
    ),
    "cancel.started_unpaid": "O cancelamento do pedido {number} está em curso. Nada foi cobrado.",
    "refund.started": "O reembolso de {amount} do pedido {number} está em curso, pelo mesmo meio de pagamento.",
    "refund.status_succeeded": "O seu reembolso de {amount} do pedido {number} foi efetuado.",
    "refund.status_pending": "O seu reembolso de {amount} do pedido {number} está a caminho.",
    "refund.status_failed": (
        "Ainda não foi possível efetuar o seu reembolso de {amount} do pedido {number}. O nosso atendimento "
        "vai tratar do assunto."
    ),
    "refund.status_none": "Até agora não há nenhum reembolso do pedido {number}.",
    # saying no
    "no.order_not_pending": (
        "O pedido {number} já não pode ser cancelado porque o envio já está em curso. Poderá devolvê-lo "
        "assim que o receber."
    ),
    "no.already_canceled": "O pedido {number} já está cancelado.",
    "no.order_not_delivered": "O pedido {number} ainda não foi entregue, por isso ainda não pode ser devolvido.",
    "no.return_window_closed": "O prazo de devolução do pedido {number} terminou.",
    "no.already_returned": "Os produtos do pedido {number} já estão em processo de devolução.",
    "no.already_claimed": "Um colega já está analisando esses produtos do pedido {number}.",
    "no.item_not_returnable": "Estes produtos do pedido {number} não podem ser devolvidos.",
    # passing on
    "handoff": "Agradecemos a sua mensagem. O nosso atendimento vai tratar do assunto e responder por aqui.",
    "handoff.angry": (
        "Lamentamos muito o ocorrido. Alguém do nosso atendimento vai tratar pessoalmente do assunto e "
        "responder por aqui."
    ),
    "thanks": "Agradecemos as suas palavras, ficamos muito felizes!",
    "hello": "Olá! Como podemos ajudar com o seu pedido?",
    # buttons
    "button.all_items": "Todos os produtos",
    "button.wrong": "Produto errado",
    "button.missing": "Está faltando",
    "button.person": "Falar com uma pessoa",
}
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": ", ",
    "part.delivered": "{parcels} com entrega concluída",
    "part.shipped": "{parcels} a caminho",
    "part.shipped_eta": "{parcels} até {date}",
    "part.out_for_delivery": "{parcels} hoje em entrega",
    "part.announced": "{parcels} à espera da transportadora",
    "part.delayed": "{parcels} com atraso",
    "part.silent": "{parcels} sem notícias da transportadora",
    "part.exception": "{parcels} com um problema na entrega",
    "part.lost": "{parcels} com provável extravio",
    "part.returned": "{parcels} de volta ao remetente",
    "part.preparing": "{items} em preparação",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "one": "{count} pacote",
        "many": "{count} de pacotes",
        "other": "{count} pacotes",
    },
    "items": {
        "one": "{count} produto",
        "many": "{count} de produtos",
        "other": "{count} produtos",
    },
    "status.silent": {
        "one": "O pedido {number} está a caminho; a transportadora não informa nada há {count} dia.",
        "many": "O pedido {number} está a caminho; a transportadora não informa nada há {count} de dias.",
        "other": "O pedido {number} está a caminho; a transportadora não informa nada há {count} dias.",
    },
    "policy.return_window": {
        "one": (
            "Os produtos podem ser devolvidos no prazo de {count} dia após a entrega. Basta informar o número do "
            "pedido."
        ),
        "many": (
            "Os produtos podem ser devolvidos no prazo de {count} de dias após a entrega. Basta informar o "
            "número do pedido."
        ),
        "other": (
            "Os produtos podem ser devolvidos no prazo de {count} dias após a entrega. Basta informar o número "
            "do pedido."
        ),
    },
}
