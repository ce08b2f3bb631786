"""Chinese."""

NOTICES: dict[str, str] = {
    "withdrawal.subject": "您对订单 {number} 的撤回声明",
    "withdrawal.will_cancel": "该订单将被取消，不再发货。您支付的款项将按原支付方式退回。",
    "withdrawal.will_refund": "尚未发货的商品将从订单中移除，您为其支付的款项将按原支付方式退回。",
    "withdrawal.will_return": "请您将商品寄回。商品到达后，您为其支付的款项将按原支付方式退回。",
    "withdrawal.confirm": "请确认，以使您的撤回生效。您无需说明理由。",
    "withdrawal.received": "我们已收到您对订单 {number} 合同的撤回声明，声明时间为 {date} {time}，涉及以下商品：",
    "withdrawal.cancel": "该订单将被取消，不再发货。",
    "withdrawal.refund": "这些商品如果尚未离开我们的仓库，将不再发货。",
    "withdrawal.return": "请将您收到的商品寄回，最晚不迟于 {back}。您的退货编号是 {rma}。",
    "withdrawal.person": "我们的团队正在确认接下来的处理，并会给您写信。",
    "withdrawal.due": "您支付的款项将按原支付方式退回，最晚不迟于 {due}。",
    "withdrawal.due_part": "您为这些商品支付的款项将按原支付方式退回，最晚不迟于 {due}。",
    "withdrawal.keep": "您的参考编号是 {reference}。请保存此消息。",
    "confirmation.subject": "订单 {number} 的确认",
    "confirmation.placed": "感谢您于 {date} 下的订单 {number}，其中包括：",
    "confirmation.total": "总金额：{amount}。",
    "return.started.subject": "订单 {number} 的退货已开始",
    "return.started": "您对订单 {number} 的退货（{rma}）已开始，涉及以下商品：",
    "exchange.started.subject": "订单 {number} 的换货已开始",
    "exchange.started": "您对订单 {number} 的换货（{rma}）已开始，涉及以下商品：",
    "return.send": "请您将商品寄回。商品一到达，我们就会给您写信。",
    "return.keep": "您可以保留这些商品，无需寄回。",
    "return.arrived.subject": "订单 {number} 的退货已到达",
    "return.arrived": "您对订单 {number} 的退货（{rma}）已到达，我们已收到以下商品：",
    "refund.paid.subject": "订单 {number} 的退款已支付",
    "refund.paid": "我们已按原支付方式为订单 {number} 退款 {amount}。",
    "credit.given.subject": "订单 {number} 的商店余额",
    "refund.paid_credit": "我们已为订单 {number} 向您发放 {amount} 的商店余额。",
    "refund.paid_method": "我们已将订单 {number} 的 {amount} 支付到您选择的支付方式。",
    "code.subject": "您的验证码",
    "code.text": (
        "您的验证码是 {code}，十分钟内有效。"
        "请在您申请验证码的页面输入，切勿告诉任何人。如果不是您本人申请，无需任何操作。"
    ),
}
