"""Japanese."""

NOTICES: dict[str, str] = {
    "withdrawal.subject": "ご注文 {number} の契約撤回について",
    "withdrawal.will_cancel": (
        "ご注文をキャンセルし、発送いたしません。お支払い金額は同じお支払い方法で返金いたします。"
    ),
    "withdrawal.will_refund": (
        "まだ発送していない商品をご注文から外します。その代金は同じお支払い方法で返金いたします。"
    ),
    "withdrawal.will_return": "商品をご返送ください。到着後、その代金を同じお支払い方法で返金いたします。",
    "withdrawal.confirm": (
        "撤回を確定するには、ご確認の操作をお願いいたします。理由をお知らせいただく必要はありません。"
    ),
    "withdrawal.received": (
        "ご注文 {number} の契約撤回のお申し出を受け取りました。"
        "お申し出の日時は {date} {time} です。対象の商品は次のとおりです："
    ),
    "withdrawal.cancel": "ご注文をキャンセルし、発送いたしません。",
    "withdrawal.refund": "これらの商品は、まだ倉庫を出ていなければ発送いたしません。",
    "withdrawal.return": "お手元に届いた商品は、遅くとも {back} までにご返送ください。返品番号は {rma} です。",
    "withdrawal.person": "今後の対応を担当者が確認し、ご連絡いたします。",
    "withdrawal.due": "お支払い金額は、遅くとも {due} までに同じお支払い方法で返金いたします。",
    "withdrawal.due_part": "これらの商品のお支払い金額は、遅くとも {due} までに同じお支払い方法で返金いたします。",
    "withdrawal.keep": "受付番号は {reference} です。このメッセージを保管してください。",
    "confirmation.subject": "ご注文 {number} の確認",
    "confirmation.placed": "{date} のご注文 {number} をありがとうございます。内容は次のとおりです：",
    "confirmation.total": "合計金額は {amount} です。",
    "return.started.subject": "ご注文 {number} の返品を開始しました",
    "return.started": "ご注文 {number} の返品 {rma} を開始しました。対象の商品は次のとおりです：",
    "exchange.started.subject": "ご注文 {number} の交換を開始しました",
    "exchange.started": "ご注文 {number} の交換 {rma} を開始しました。対象の商品は次のとおりです：",
    "return.send": "商品をご返送ください。到着しましたら、すぐにご連絡いたします。",
    "return.keep": "商品はそのままお持ちください。ご返送いただく必要はありません。",
    "return.arrived.subject": "ご注文 {number} の返品が到着しました",
    "return.arrived": "ご注文 {number} の返品 {rma} が到着しました。受け取った商品は次のとおりです：",
    "refund.paid.subject": "ご注文 {number} の返金が完了しました",
    "refund.paid": "ご注文 {number} について {amount} を同じお支払い方法で返金いたしました。",
    "credit.given.subject": "ご注文 {number} のストアクレジットについて",
    "refund.paid_credit": "ご注文 {number} について {amount} をストアクレジットとして付与いたしました。",
    "refund.paid_method": "ご注文 {number} について {amount} をお選びのお支払い方法にお支払いいたしました。",
    "code.subject": "認証コードのお知らせ",
    "code.text": (
        "認証コードは {code} です。有効期限は十分間です。コードを請求されたページに入力し、誰にも教えないでください。"
        "お心当たりがない場合は、何もしていただく必要はありません。"
    ),
}
