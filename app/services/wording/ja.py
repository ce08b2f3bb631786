"""Japanese."""

SENTENCES: dict[str, str] = {
    # one sentence on where an order is
    "status.pending": "ご注文 {number} は受付済みで、発送準備をお待ちいただいている状態です。",
    "status.processing": "ご注文 {number} は発送準備中です。",
    "status.shipped": "ご注文 {number} は配送中です。",
    "status.shipped_eta": "ご注文 {number} は配送中で、{date}までにお届けできる見込みです。",
    "status.out_for_delivery": "ご注文 {number} は本日お届け予定で、配達に出ております。",
    "status.delayed": "ご注文 {number} は配送中ですが遅れており、お届け予定日の{date}を過ぎております。",
    "status.exception": "ご注文 {number} は配送中ですが、配送業者から配達に問題があるとの連絡が入っております。",
    "status.delivered": "ご注文 {number} は配達済みです。",
    "status.delivered_on": "ご注文 {number} は{date}に配達されました。",
    "status.canceled": "ご注文 {number} はキャンセルされました。",
    "status.lost": "ご注文 {number} のお荷物は輸送中に紛失した可能性があります。お手数ですがご連絡ください。",
    "status.announced": "ご注文 {number} は梱包済みで、配送業者の集荷を待っております。",
    "status.returned": "ご注文 {number} のお荷物は差出人に返送中です。",
    "status.unshipped_late": "ご注文 {number} はお届け予定日の{date}を過ぎておりますが、まだ発送されておりません。",
    "status.parts": "ご注文 {number} は分けてお届けします。内訳は、{parts}です。",
    # asking for something
    "ask.proof": (
        "確認いたしますので、ご注文番号と、ご注文時のメールアドレス、電話番号、郵便番号のいずれかをお知らせください。"
    ),
    "ask.sign_in": "安全のため、お手続きの前にご本人様の確認が必要です。ログインのうえ、もう一度お申し付けください。",
    "ask.which_order": "どのご注文についてのお問い合わせでしょうか。",
    "ask.which_items": "ご注文 {number} のうち、どの商品の返品をご希望でしょうか。",
    "ask.what_item": "ご注文 {number} のどの商品についてでしょうか？",
    "ask.wrong_or_missing": "商品が違っていましたか、それとも届いていませんか？",
    "ask.how_many": "対象の商品はいくつありますか？",
    # acting
    "return.started": (
        "ご注文 {number} の返品（{rma}）を承認いたしました。返品ラベルを作成しておりますので、"
        "こちらに表示されるまで少々お待ちください。商品の到着と検品の後に、ご返金いたします。"
    ),
    "return.awaits": "ご注文 {number} の返品のご依頼（{rma}）を承りました。担当者が確認のうえ、ご連絡いたします。",
    "claim.opened": "ご注文 {number} についてのご連絡を承りました。担当者が確認し、こちらでお返事いたします。",
    "cancel.started": (
        "ご注文 {number} のキャンセル手続きを進めております。お支払い済みの金額は、"
        "ご利用いただいたお支払い方法へ返金いたします。"
    ),
    "cancel.started_unpaid": "ご注文 {number} のキャンセル手続きを進めております。代金のご請求はございません。",
    "refund.started": (
        "ご注文 {number} について、{amount}をご利用いただいたお支払い方法へ返金する手続きを進めております。"
    ),
    "refund.status_succeeded": "ご注文 {number} の返金（{amount}）は完了しております。",
    "refund.status_pending": "ご注文 {number} の返金（{amount}）は手続き中です。",
    "refund.status_failed": "ご注文 {number} の返金（{amount}）はまだ完了できておりません。担当者が確認しております。",
    "refund.status_none": "ご注文 {number} について、これまでに返金はございません。",
    # saying no
    "no.order_not_pending": (
        "ご注文 {number} はすでに発送手続きに入っているため、キャンセルできません。お受け取り後に返品いただけます。"
    ),
    "no.already_canceled": "ご注文 {number} はすでにキャンセルされています。",
    "no.order_not_delivered": "ご注文 {number} はまだお届けが完了していないため、現時点では返品できません。",
    "no.return_window_closed": "ご注文 {number} の返品期限は過ぎております。",
    "no.already_returned": "ご注文 {number} の商品は、すでに返品手続き中です。",
    "no.already_claimed": "ご注文 {number} のこれらの商品は、すでに担当者が確認しております。",
    "no.item_not_returnable": "ご注文 {number} のこちらの商品は、返品をお受けできません。",
    # passing on
    "handoff": "お問い合わせありがとうございます。担当者が対応し、こちらでご返信いたします。",
    "handoff.angry": (
        "ご不快な思いをおかけし、誠に申し訳ございません。担当者が責任をもって対応し、こちらでご返信いたします。"
    ),
    "thanks": "ありがとうございます。そのように言っていただけて大変うれしく存じます。",
    "hello": "こんにちは。ご注文について、どのようなご用件でしょうか。",
    # buttons
    "button.all_items": "すべての商品",
    "button.wrong": "商品が違う",
    "button.missing": "商品が届いていない",
    "button.person": "担当者と話す",
}
PHRASES: dict[str, str] = {
    # what an order that comes in parts is made of
    "part.join": "、",
    "part.delivered": "配達済みが{parcels}",
    "part.shipped": "配送中が{parcels}",
    "part.shipped_eta": "{date}までにお届け予定が{parcels}",
    "part.out_for_delivery": "本日お届け予定が{parcels}",
    "part.announced": "集荷待ちが{parcels}",
    "part.delayed": "遅延が{parcels}",
    "part.silent": "配送業者からの連絡待ちが{parcels}",
    "part.exception": "配達に問題ありが{parcels}",
    "part.lost": "紛失の可能性ありが{parcels}",
    "part.returned": "差出人に返送中が{parcels}",
    "part.preparing": "発送準備中が{items}",
}
COUNTED: dict[str, dict[str, str]] = {
    "parcels": {
        "other": "{count}個",
    },
    "items": {
        "other": "{count}点",
    },
    "status.silent": {
        "other": "ご注文 {number} は配送中ですが、配送業者からの連絡が{count}日間ありません。",
    },
    "policy.return_window": {
        "other": "商品はお届けから{count}日以内であれば返品いただけます。ご注文番号をお知らせください。",
    },
}
