"""Portuguese."""

GROUPS = {
    "order": "pedido|pedidos|encomenda|encomendas|compra|compras",
    "goods": "pedido|pedidos|encomenda|encomendas|pacote|entrega|compra|produto|artigo",
    "thing": (
        "pedido|produto|produtos|artigo|artigos|item|o|a|os|as|isso|isto|encomenda|sapatos|vestido|casaco|camisa|tênis"
    ),
    "money": "reembolso|reembolsos|dinheiro|estorno|reembolsar|reembolsado|reembolsem",
    "human": "humano|pessoa|atendente|alguém|agente|operador|operadora|representante|gerente|assistente",
    "no": "não|nunca|sem|jamais|em_vez_de|nao",
}

PHRASES = {
    "order.cancel": """
       4  cancel*|anul* ~4 @order
       4  @order ~5 cancelar|anular|cancelado|cancelada
       4  cancelamento ~3 @order
       3  cancelar|anular|cancelem|cancela|cancele
       3  não_quero_mais|já_não_quero ~3 @order
      -4  cancel*|anul* ~4 assinatura|conta|newsletter|subscrição|devolução|reembolso
      -4  taxa|política|multa|custos ~2 cancelamento
      no  @no ~3 cancelar|cancelem|cancele|anular|anulem|cancela
      no  por_que|porque|porquê ~6 cancelado|cancelada|cancelaram
      no  foi cancelado|cancelada
    """,
    "return.request": """
       4  devolver|devolvê|retornar ~4 @thing
       4  devolver|devolvê
       4  fazer|iniciar|solicitar|pedir|abrir ~2 devolução
       4  etiqueta ~3 devolução
       4  enviar|mandar ~4 de_volta
       3  devolução
      -4  política|condições|prazo|prazos|custos ~3 devolução|devoluções
      -4  quanto*|qual|quais|que ~7 devolver|devolução|devoluções
      -4  devolver|devolução|devolvam ~4 dinheiro|valor
      -3  estado|status|onde ~4 devolução
      -3  devolvi|devolvido
      no  @no ~2 devolver|devolvê|fazer_a_devolução
    """,
    "return.policy": """
       4  política|condições|prazo|prazos ~3 devolução|devoluções|reembolso|trocas|troca
       4  quanto* ~6 devolver|devolução
       4  taxa|multa ~2 cancelamento
    """,
    "refund.request": """
       4  quero|queria|gostaria|preciso|solicit*|exijo|pedir|peço|posso|podem|obter ~5 @money
       4  dinheiro ~1 de_volta
       4  devolvam|devolver ~4 dinheiro|valor
       4  me reembols*
       3  reembols*
       2  reembolso|estorno
      -4  onde|cadê|quando|estado|status|espera*|aguard*|quanto_tempo ~6 @money
      -4  política|condições|prazo ~3 reembolso
      -3  @money ~4 ainda|não
      no  @no ~2 reembolso|dinheiro|estorno|reembolsar|reembolsado
    """,
    "refund.status": """
       4  onde|cadê ~4 reembolso|dinheiro|estorno
       4  quando ~6 reembolso|dinheiro|estorno|reembolsado|reembolsada
       4  estado|status|situação ~4 reembolso|estorno
       4  espera*|aguard*|à_espera ~5 reembolso|dinheiro|estorno
       4  não|ainda|nunca ~5 reembolso|reembolsado|reembolsada|estorno
       4  reembolso|estorno ~4 ainda|não|nunca
       4  quanto_tempo ~6 reembolso|estorno
    """,
    "order.status": """
      -3  quando|onde|cadê ~5 @money
       4  onde|cadê ~4 @goods
       4  quando ~6 chega|chegará|recebo|receberei|entregue|enviam|chegar|enviado|receber|enviada
       4  quando ~3 @goods
       4  estado|status|rastrear|rastreio|rastreamento|acompanhar|localizar|seguir ~4 @goods
       4  número|código|link ~2 rastreio|rastreamento|seguimento
       4  já|foi|está ~3 enviado|enviada|despachado|caminho
       2  meu|minha pedido|encomenda
      -1  mudar|alterar|trocar|cancel*|anul*|devol*|reembols*|quebrad*|danificad*|errad*
    """,
    "shipping.delay": """
       4  não|nunca|nada ~4 chegou|recebi|entregue|chega|recebida|entregaram
       4  @goods ~4 atrasado|atrasada|atraso|perdido|perdida|extraviad*
       4  espera|esperando|aguardando ~5 @goods
       3  atraso|atrasado|atrasada
    """,
    "exchange.request": """
       4  troc* ~6 tamanho|cor|modelo|número
       3  trocar
    """,
    "order.change_address": """
       4  mudar|alterar|corrigir|trocar|outro|novo|errado ~4 endereço|morada
       4  endereço|morada errado|errada
    """,
    "order.change_items": """
       4  alterar|mudar|adicionar|acrescentar|remover|tirar ~5 @order
    """,
    "item.damaged": """
       4  quebrad*|danificad*|defeito|defeituos*|não_funciona|rasgad*|partid*
    """,
    "item.wrong_or_missing": """
       4  errad*|incomplet*|incorret*
       4  falta|faltam|faltou|faltando
    """,
    "subscription.manage": """
       4  assinatura|newsletter|subscrição
    """,
    "account.access": """
       4  senha|palavra_passe|entrar_na_minha_conta|login
    """,
    "account.update": """
       4  apagar|fechar|excluir|eliminar|criar ~3 conta
    """,
    "billing.info": """
       4  fatura|nota_fiscal|recibo|formas_de_pagamento
    """,
    "payment.issue": """
       4  cobrad*|cobraram ~3 duas_vezes|dobro
       4  pagamento ~4 recusado|erro|falhou
    """,
    "promo.price": """
       4  código|cupom ~2 desconto|promocional
       4  desconto|cupom
    """,
    "shipping.options": """
       4  frete|custos_de_envio|portes|entregam_em|enviam_para
    """,
    "human.request": """
       4  falar|contactar|contatar|conversar|passar|ligar ~5 @human
       4  pessoa|atendente|ser real|humano|verdade
       4  número_de_telefone|me_liguem|liguem_me|telefone_de_contato
       4  apoio_ao_cliente|atendimento_ao_cliente|um_atendente
      no  @no ~2 falar|ligar|conversar
    """,
    "complaint": """
       4  reclamação|queixa|reclamar
       3  vergonha|absurdo|inaceitável|golpe
    """,
    "praise": """
       4  obrigado|obrigada|muito_satisfeit*|ótimo_atendimento|adorei|avaliação
      -3  onde|quando|cancel*|reembols*|devol*|não|problema|ajud*
    """,
    "other": """
       3  olá|oi|bom_dia|boa_tarde|boa_noite|tchau|tudo_bem
      -2  pedido|encomenda|reembols*|devol*|cancel*|conta|produto|atendente|pagamento
    """,
}
