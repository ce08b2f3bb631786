"""Spanish."""

GROUPS = {
    "order": "pedido|pedidos|compra|compras|orden|encargo",
    "goods": "pedido|pedidos|paquete|envío|compra|orden|artículo|producto|entrega",
    "thing": (
        "pedido|artículo|artículos|producto|productos|lo|la|los|las|esto|paquete|zapatos|vestido|chaqueta|"
        "camisa|pantalón"
    ),
    "money": "reembolso|reembolsos|dinero|devolución_del_dinero|reembolsen|reembolsar|reintegro",
    "human": "humano|persona|agente|alguien|operador|operadora|representante|encargado|atención_al_cliente|asesor",
    "no": "no|nunca|sin|jamás|en_vez_de|en_lugar_de",
}

PHRASES = {
    "order.cancel": """
       4  cancel*|anul* ~4 @order
       4  @order ~5 cancelar|anular|cancelado|cancelen
       4  cancelación|anulación ~3 @order
       3  cancelar|anular|cancelarlo|anularlo|cancelen
       3  ya_no quiero|necesito ~2 @order
      -4  cancel*|anul* ~4 suscripción|cuenta|boletín|membresía|devolución|reembolso
      -4  gastos|política|cargos|tarifas ~2 cancelación
      no  @no ~3 cancelar|cancelen|cancele|cancelarlo|anular|anulen|anule|cancelo
      no  por_qué ~6 cancelado|cancelaron
      no  fue|ha_sido cancelado|cancelada
    """,
    "return.request": """
       4  devolver|devolverlo|devolverla|devolverlos|devuelvo|retornar ~4 @thing?
       4  hacer|iniciar|solicitar|tramitar|gestionar|pedir ~2 devolución
       4  etiqueta ~3 devolución|retorno
       3  devolución
       4  enviar|mandar ~4 de_vuelta
      -4  política|condiciones|plazo|plazos|gastos ~3 devolución|devoluciones
      -4  cuánto*|qué|cuál* ~7 devolver|devolución|devoluciones|devolverlo
      -4  devolver|devolución|devuelvan ~4 dinero|importe
      -3  estado|dónde ~4 devolución
      -3  devolví|devuelto
      no  @no ~2 devolver|devolverlo|devolverla|hacer_la_devolución
    """,
    "return.policy": """
       4  política|condiciones|plazo|plazos ~3 devolución|devoluciones|reembolso|reembolsos|cambios
       4  cuánto* ~6 devolver|devolverlo|devolución
       4  gastos|cargos ~2 cancelación|devolución
    """,
    "refund.request": """
       4  quiero|quisiera|necesito|solicit*|exijo|pedir|pido|puedo|pueden|obtener|recuperar ~5 @money
       4  devolver|devuelvan|devuélvanme|devolverme|devolución|devuelvanme ~4 dinero|importe
       4  me reembols*
       3  reembols*
       2  reembolso
      -4  dónde|cuándo|estado|espero|esperando|cuánto_tiempo ~6 @money
      -4  política|condiciones|plazo ~3 reembolso
      -3  @money ~4 todavía|aún|no
      no  @no ~2 reembolso|reembolsen|dinero|reembolsar|reembolsado
    """,
    "refund.status": """
       4  dónde ~4 reembolso|dinero|reintegro
       4  cuándo ~6 reembolso|dinero|reembolsan|reembolsarán|reintegro|devolverán|devuelven
       4  estado ~4 reembolso|reintegro
       4  esperando|espero ~5 reembolso|dinero|reintegro
       4  todavía_no|aún_no|no|nunca ~5 reembolso|reembolsado|reintegro
       4  reembolso|reintegro ~4 todavía|aún|no|nunca
       4  cuánto_tiempo|cuánto ~6 reembolso|reintegro
    """,
    "order.status": """
      -3  cuándo|dónde ~5 @money
       4  dónde ~4 @goods
       4  cuándo ~6 llega|llegará|recibo|recibiré|entregan|envían|llegar|enviado|recibir|sale
       4  cuándo ~3 @goods
       4  estado|seguimiento|rastrear|rastreo|localizar|seguir ~4 @goods
       4  número|código|enlace ~1 seguimiento|rastreo
       4  han|ha|está|fue ~3 enviado|despachado|salido|en_camino
       2  mi pedido|paquete
      -1  cambiar|modificar|cancel*|anul*|devol*|reembols*|roto|rota|dañado|equivocad*
    """,
    "shipping.delay": """
       4  no|nunca|nada ~4 llegado|llega|recibido|llegó|recibí|entregado|entregaron
       4  @goods ~4 retrasado|retraso|perdido|atrasado|demorado|tarde
       4  esperando ~5 @goods
       3  retraso|retrasado|demora|sin_llegar
    """,
    "exchange.request": """
       4  cambiar|cambio ~6 talla|color|tamaño|modelo
    """,
    "order.change_address": """
       4  cambiar|modificar|corregir|otra|nueva|equivocada ~4 dirección
    """,
    "order.change_items": """
       4  modificar|cambiar|añadir|agregar|quitar ~5 @order
    """,
    "item.damaged": """
       4  roto|rota|dañado|dañada|defectuos*|no_funciona|manchad*
    """,
    "item.wrong_or_missing": """
       4  equivocad*|incorrect*|erróneo|incompleto
       4  falta|faltan
    """,
    "subscription.manage": """
       4  suscripción|boletín|newsletter|membresía
    """,
    "account.access": """
       4  contraseña|iniciar_sesión|entrar_en_mi_cuenta|acceder
    """,
    "account.update": """
       4  cuenta ~3 eliminar|cerrar|borrar
       4  eliminar|cerrar|borrar|crear ~3 cuenta
    """,
    "billing.info": """
       4  factura|recibo|métodos_de_pago
    """,
    "payment.issue": """
       4  cobrado|cobraron|cargo ~3 dos_veces|doble|duplicado
       4  pago ~4 rechazado|falla|error
    """,
    "promo.price": """
       4  código|cupón ~2 descuento|promocional
       4  descuento|cupón
    """,
    "shipping.options": """
       4  gastos_de_envío|costo_de_envío|envían_a|envío_exprés|métodos_de_envío
    """,
    "human.request": """
       4  hablar|contactar|comunicarme|chatear|pasar|páseme|llamar ~5 @human
       4  persona|agente|humano real|humano
       4  número_de_teléfono|teléfono_de_contacto|llámenme|llámeme
       4  atención_al_cliente|un_agente|un_humano
      no  @no ~2 hablar|llamar|contactar|llamen
    """,
    "complaint": """
       4  queja|reclamación|quejarme|reclamo
       3  vergüenza|estafa|inaceptable|indignante
    """,
    "praise": """
       4  gracias|muy_contento|muy_contenta|excelente_servicio|encanta|reseña
      -3  dónde|cuándo|cancel*|reembols*|devol*|no|problema|ayuda*
    """,
    "other": """
       3  hola|buenos_días|buenas_tardes|adiós|qué_tal
      -2  pedido|paquete|reembols*|devol*|cancel*|cuenta|artículo|agente|pago
    """,
}
