"""Chinese, simplified."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "订单 {number} 已收到，正在等待备货。",
    "status.processing": "订单 {number} 正在备货，即将发出。",
    "status.shipped": "订单 {number} 正在运输途中。",
    "status.shipped_eta": "订单 {number} 正在运输途中，预计最晚 {date} 送达。",
    "status.out_for_delivery": "订单 {number} 今天正在派送。",
    "status.delayed": "订单 {number} 正在运输途中，但已延误，原定最晚 {date} 送达。",
    "status.exception": "订单 {number} 正在运输途中，承运商反馈派送出现问题。",
    "status.delivered": "订单 {number} 已送达。",
    "status.delivered_on": "订单 {number} 已于 {date} 送达。",
    "status.canceled": "订单 {number} 已取消。",
    "status.lost": "订单 {number} 的包裹很可能在途中丢失了。请联系我们，我们会为您处理。",
    "status.announced": "订单 {number} 已打包，承运商尚未揽收。",
    "status.returned": "订单 {number} 的包裹正在退回寄件人。",
    "status.unshipped_late": "订单 {number} 原定最晚 {date} 送达，但尚未发出。",
    "status.parts": "订单 {number} 分批送达：{parts}。",
    # asking for something
    "ask.proof": "为便于查询，请您提供订单号，以及下单时填写的电子邮箱、手机号或邮政编码。",
    "ask.sign_in": "为了您的安全，我们需要先确认您的身份。请您登录后再次提出请求。",
    "ask.which_order": "请问您咨询的是哪一个订单？",
    "ask.which_items": "请问您想退回订单 {number} 中的哪些商品？",
    "ask.what_item": "请问是订单 {number} 中的哪一件商品？",
    "ask.wrong_or_missing": "是发错了商品，还是缺少商品？",
    "ask.how_many": "有几件商品受到影响？",
    # acting
    "return.started": (
        "您对订单 {number} 的退货申请（{rma}）已通过。退货标签正在生成，稍后会显示在这里。"
        "我们收到商品并检查后会为您退款。"
    ),
    "return.awaits": "我们已收到您对订单 {number} 的退货申请（{rma}）。客服人员审核后会给您答复。",
    "claim.opened": "我们已收到您关于订单 {number} 的反馈，同事会查看并在这里回复您。",
    "cancel.started": "我们正在取消订单 {number}，已支付的款项将原路退回。",
    "cancel.started_unpaid": "我们正在取消订单 {number}，未产生任何扣款。",
    "refund.started": "我们正在将订单 {number} 的款项 {amount} 原路退还给您。",
    "refund.status_succeeded": "订单 {number} 的退款 {amount} 已经退还给您。",
    "refund.status_pending": "订单 {number} 的退款 {amount} 正在处理中。",
    "refund.status_failed": "订单 {number} 的退款 {amount} 暂时未能成功，客服人员正在处理。",
    "refund.status_none": "订单 {number} 目前没有退款记录。",
    # saying no
    "no.order_not_pending": "订单 {number} 已进入发货流程，无法取消。您可以在收到商品后申请退货。",
    "no.already_canceled": "订单 {number} 之前已经取消。",
    "no.order_not_delivered": "订单 {number} 尚未送达，暂时无法退货。",
    "no.return_window_closed": "订单 {number} 已超过退货期限。",
    "no.already_returned": "订单 {number} 中的商品已在退货流程中。",
    "no.already_claimed": "同事已经在处理订单 {number} 的这些商品。",
    "no.item_not_returnable": "订单 {number} 中的这些商品不支持退货。",
    # passing on
    "handoff": "感谢您的留言。我们的客服人员会跟进处理，并在这里回复您。",
    "handoff.angry": "非常抱歉给您带来不便。我们会安排客服人员专门为您处理，并在这里回复您。",
    "thanks": "谢谢您，很高兴听到您这么说！",
    "hello": "您好！请问订单方面有什么可以帮您？",
    # buttons
    "button.all_items": "全部商品",
    "button.wrong": "商品发错",
    "button.missing": "商品缺少",
    "button.person": "联系人工客服",
}
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": "，",
    "part.delivered": "{parcels}已送达",
    "part.shipped": "{parcels}在途",
    "part.shipped_eta": "{parcels}预计最晚 {date} 送达",
    "part.out_for_delivery": "{parcels}今天派送",
    "part.announced": "{parcels}尚未揽收",
    "part.delayed": "{parcels}已延误",
    "part.silent": "{parcels}暂无承运商消息",
    "part.exception": "{parcels}派送出现问题",
    "part.lost": "{parcels}可能已丢失",
    "part.returned": "{parcels}正在退回寄件人",
    "part.preparing": "{items}仍在备货",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "other": "{count} 个包裹",
    },
    "items": {
        "other": "{count} 件商品",
    },
    "status.silent": {
        "other": "订单 {number} 正在运输途中，承运商已有 {count} 天没有更新信息。",
    },
    "policy.return_window": {
        "other": "商品送达后 {count} 天内可以退货，您只需告诉我们订单号即可。",
    },
}
