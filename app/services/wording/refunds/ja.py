"""Japanese."""

EXPLANATIONS: dict[str, str] = {
    "approval": "ご注文 {number} の返金 {amount} は、担当者の承認を待っています。",
    "waiting": "ご注文 {number} の返金 {amount} は、ショップが注文の変更を確認し次第お支払いします。",
    "pending": "ご注文 {number} の返金 {amount} は手続き中です。",
    "unknown": (
        "ご注文 {number} の返金 {amount} を依頼しました。"
        "決済会社の確認はまだ届いておらず、それまで金額は確保されています。"
    ),
    "paid": "ご注文 {number} の返金 {amount} は、お支払いと同じ方法で返金されました。",
    "paid_credit": "ご注文 {number} の返金 {amount} は、ストアクレジットとして付与されました。",
    "paid_method": "ご注文 {number} の返金 {amount} は、お選びのお支払い方法へ返金されました。",
    "part_open": "ご注文 {number} の返金 {amount} のうち、{part} は返金済みで、{rest} は手続き中です。",
    "part_failed": "ご注文 {number} の返金 {amount} のうち、{part} は返金済みですが、{rest} は返金できませんでした。",
    "failed": "ご注文 {number} の返金 {amount} は返金できませんでした。",
    "elsewhere": "ご注文 {number} の返金 {amount} は、すでに別の方法で返金されていたため、再度の返金は行っていません。",
    "reversed": "ご注文 {number} の返金 {amount} は返金されましたが、{date} に銀行から差し戻されました。",
    "part_reversed": (
        "ご注文 {number} の返金 {amount} のうち、{part} は返金済みですが、{rest} は {date} に銀行から差し戻されました。"
    ),
    "kept": "ご注文 {number} の返金 {amount} は、ご注文が変更されなかったため行われませんでした。",
    "rejected": "ご注文 {number} の返金 {amount} は承認されませんでした。",
    "after_all": (
        "ご注文 {number} の返金 {amount} は当初失敗とされていましたが、決済会社は現在、返金済みとしています。"
    ),
    "short": "このうち {short} は返金できませんでした。",
    "fee": "手数料として {fee} を差し引きました。",
    "shipping": "このうち {shipping} は送料です。",
    "currency": "{currency} でお支払いいただいたため、金額は銀行の為替レートで換算されます。",
}
