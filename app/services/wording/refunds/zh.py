"""Chinese."""

EXPLANATIONS: dict[str, str] = {
    "approval": "订单 {number} 的退款 {amount} 正在等待我们的同事批准。",
    "waiting": "商店确认订单变更后，将支付订单 {number} 的退款 {amount}。",
    "pending": "订单 {number} 的退款 {amount} 正在途中。",
    "unknown": "订单 {number} 的退款 {amount} 已提交；支付服务商尚未确认，在此之前该金额为您保留。",
    "paid": "订单 {number} 的退款 {amount} 已按您的付款方式退回。",
    "paid_credit": "订单 {number} 的退款 {amount} 已作为商店余额发放给您。",
    "paid_method": "订单 {number} 的退款 {amount} 已支付到您选择的付款方式。",
    "part_open": "订单 {number} 的退款 {amount} 中，{part} 已支付，{rest} 仍在途中。",
    "part_failed": "订单 {number} 的退款 {amount} 中，{part} 已支付；{rest} 未能支付。",
    "failed": "订单 {number} 的退款 {amount} 未能支付。",
    "elsewhere": "订单 {number} 的退款 {amount} 没有再次支付，因为这笔钱已通过其他途径退还。",
    "reversed": "订单 {number} 的退款 {amount} 曾已支付，但银行于 {date} 将其退回。",
    "part_reversed": "订单 {number} 的退款 {amount} 中，{part} 已支付；银行于 {date} 退回了 {rest}。",
    "kept": "订单 {number} 的退款 {amount} 未支付，因为订单保持不变。",
    "rejected": "订单 {number} 的退款 {amount} 未获批准。",
    "after_all": ("订单 {number} 的退款 {amount} 起初被视为失败；支付服务商现已告知该款项已支付。"),
    "short": "其中 {short} 未能支付。",
    "fee": "已扣除费用 {fee}。",
    "shipping": "其中 {shipping} 为运费。",
    "currency": "您以 {currency} 付款：银行会按其汇率换算金额。",
}
