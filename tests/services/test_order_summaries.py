"""Where an order is, in a sentence: every state in every language, and the sentences that are easy to get wrong."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from app.services import order_summaries, shipments
from app.services.order_summaries import TOLD, Subject
from app.services.wording import LANGUAGES

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
STORE = SimpleNamespace(timezone="UTC", country_code="DE", delays={})
ENGLISH = re.compile(
    r"\b(the|your|order|has|been|will|parcels?|items?|carrier|way|late|arrived|delivered|expected)\b", re.IGNORECASE
)


@dataclass
class Told:
    """An order with its parcels."""

    status: str = "shipped"
    parcels: tuple[dict[str, Any], ...] = ()
    unsent: int = 0
    promised: str | None = None
    refund: Any = None
    delivered_at: datetime | None = None
    read: dict[str, Any] = field(default_factory=dict[str, Any])

    def subject(self) -> Subject:
        told = [
            {"tracking_number": f"T{place}", "external_id": f"s{place}", "line_ids": [], **parcel.get("told", {})}
            for place, parcel in enumerate(self.parcels)
        ]
        read = {f"T{place}": parcel for place, parcel in enumerate(self.parcels)}
        snapshot = {"shipments": told, "shipping_address": {"country_code": "DE"}, "promised_by": self.promised}
        order: Any = SimpleNamespace(
            number="#1001", status=self.status, snapshot=snapshot, tracking=read, delivered_at=self.delivered_at
        )
        found = shipments.shipments_of(order, STORE)
        delay = shipments.order_delay(order, STORE, found, self.unsent)
        return Subject(order, STORE, found, self.unsent, delay, self.refund)


def parcel(status: str, *, heard: str = "2026-12-01T10:00:00Z", **more: Any) -> dict[str, Any]:
    return {"status": status, "scanned_at": heard, **more}


SHIPPED = parcel("in_transit")
ETA = parcel("in_transit", eta="2026-12-08T00:00:00Z")
OUT = parcel("out_for_delivery")
ANNOUNCED = parcel("label_created")
EXCEPTION = parcel("exception")
LATE = parcel("in_transit", eta="2026-11-28T00:00:00Z")
SILENT = parcel("in_transit", heard="2026-11-25T10:00:00Z")
LOST = parcel("exception", lost=True)
BACK = parcel("returned")
DELIVERED = parcel("delivered", delivered_at="2026-11-30T10:00:00Z")
GROUPS = {
    "delivered": DELIVERED,
    "out_for_delivery": OUT,
    "shipped_eta": ETA,
    "shipped": SHIPPED,
    "announced": ANNOUNCED,
    "exception": EXCEPTION,
    "delayed": LATE,
    "silent": SILENT,
    "lost": LOST,
    "returned": BACK,
}
REFUND = SimpleNamespace(status="succeeded", amount=123459, currency="EUR")
STATES = {
    "pending": Told("pending"),
    "processing": Told("processing"),
    "unshipped_late": Told("processing", promised="2026-11-28", unsent=2),
    "label_alone": Told("processing", parcels=(ANNOUNCED,), unsent=1),
    "no_parcel": Told("shipped"),
    "no_parcel_promised": Told("shipped", promised="2026-12-08"),
    "no_parcel_late": Told("shipped", promised="2026-11-28"),
    "canceled": Told("canceled"),
    "canceled_refunded": Told("canceled", refund=REFUND),
    "delivered_unknown_day": Told("delivered"),
    "delivered_on": Told("delivered", delivered_at=datetime(2026, 11, 30, 10, tzinfo=UTC)),
    **{f"one_{state}": Told(parcels=(one,)) for state, one in GROUPS.items()},
    **{f"partly_{state}": Told(parcels=(DELIVERED, one, one)) for state, one in GROUPS.items() if state != "delivered"},
    "everything": Told(parcels=tuple(GROUPS.values()), unsent=3),
    "all_on_the_way": Told(parcels=(SHIPPED, ETA)),
    "shop_says_delivered": Told("delivered", parcels=(DELIVERED, OUT)),
}


def said(state: Told, language: str) -> str:
    with time_machine.travel(NOW, tick=False):
        return order_summaries.told(state.subject(), language)


def test_there_is_a_parcel_for_each_state_that_is_told():
    assert set(GROUPS) == set(TOLD)
    with time_machine.travel(NOW, tick=False):
        assert [state for state, _ in STATES["everything"].subject().states()] == list(TOLD)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", STATES)
def test_every_state_is_told_in_every_language(name, language):
    text = said(STATES[name], language)
    assert "#1001" in text
    assert not re.search(r"[{}]|  |\.\.|None|\b(status|part)\.", text), text
    assert text.endswith((".", "。", "!"))
    assert len(re.findall(r"[.。؟!](?: |$)", text.replace("г.", ""))) <= 3, "a sentence or two, with the refund three"
    if language != "en":
        assert not ENGLISH.search(text), text
        assert text != said(STATES[name], "en")
    if language in {"ru", "zh", "ar", "ja"}:
        latin = [mark for mark in text if unicodedata.name(mark, "").startswith("LATIN")]
        assert latin == [], text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_states_of_one_parcel_are_told_alike(language):
    texts = [said(STATES[f"one_{state}"], language) for state in GROUPS]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("name", "language", "expected"),
    [
        ("one_shipped_eta", "en", "Order #1001 is on its way and should arrive by December 8, 2026."),
        ("one_delayed", "en", "Order #1001 is on its way but late: it should have arrived by November 28, 2026."),
        ("one_silent", "en", "Order #1001 is on its way; the carrier has had no news of it for 6 days."),
        ("partly_shipped", "en", "Order #1001 comes in parts: 1 parcel delivered, 2 parcels on the way."),
        (
            "partly_shipped_eta",
            "en",
            "Order #1001 comes in parts: 1 parcel delivered, 2 parcels expected by December 8, 2026.",
        ),
        (
            "canceled_refunded",
            "en",
            "Order #1001 has been canceled. Your refund of €1,234.59 for order #1001 has been paid out.",
        ),
        ("unshipped_late", "en", "Order #1001 should have arrived by November 28, 2026 but has not been shipped yet."),
        ("label_alone", "en", "Order #1001 is being prepared for shipping."),
        ("one_silent", "de", "Die Bestellung #1001 ist unterwegs; der Paketdienst hat seit 6 Tagen nichts gemeldet."),
        (
            "partly_delayed",
            "de",
            "Die Bestellung #1001 kommt in mehreren Teilen: 1 Paket zugestellt, 2 Pakete verspätet.",
        ),
        ("one_shipped_eta", "fr", "La commande #1001 est en route et devrait arriver au plus tard le 8 décembre 2026."),
        (
            "partly_out_for_delivery",
            "es",
            "El pedido #1001 llega en varias partes: 1 paquete con entrega realizada, 2 paquetes hoy en reparto.",
        ),
        ("one_silent", "it", "L’ordine #1001 è in viaggio; il corriere non segnala nulla da 6 giorni."),
        ("one_silent", "pt", "O pedido #1001 está a caminho; a transportadora não informa nada há 6 dias."),
        ("one_silent", "nl", "Bestelling #1001 is onderweg; de vervoerder heeft al 6 dagen niets gemeld."),
        ("partly_shipped", "pl", "Zamówienie #1001 dociera w częściach: doręczono – 1 paczka, w drodze – 2 paczki."),
        ("one_shipped_eta", "pl", "Zamówienie #1001 jest w drodze i powinno dotrzeć najpóźniej 8 grudnia 2026."),
        ("partly_shipped", "ru", "Заказ #1001 приходит частями: доставлено — 1 посылка, в пути — 2 посылки."),
        ("one_silent", "ru", "Заказ #1001 в пути; служба доставки уже 6 дней ничего не сообщает."),
        ("one_delivered", "ru", "30 ноября 2026\u202fг. заказ #1001 был доставлен."),
        ("partly_shipped", "ar", "يصل الطلب #1001 على دفعات: طرد واحد (تم التوصيل)، طردان (في الطريق)."),
        ("one_silent", "ar", "الطلب #1001 في الطريق، ولم تصلنا أخبار من شركة الشحن منذ 6 أيام."),
        ("one_shipped_eta", "tr", "#1001 numaralı sipariş yolda; en geç 8 Aralık 2026 tarihinde ulaşması bekleniyor."),
        (
            "partly_shipped",
            "tr",
            "#1001 numaralı sipariş parçalar hâlinde geliyor: 1 koli teslim edildi, 2 koli yolda.",
        ),
        ("one_silent", "az", "#1001 nömrəli sifariş yoldadır; çatdırılma şirkəti 6 gündür məlumat vermir."),
        ("partly_shipped", "zh", "订单 #1001 分批送达：1 个包裹已送达，2 个包裹在途。"),
        ("one_shipped_eta", "ja", "ご注文 #1001 は配送中で、2026年12月8日までにお届けできる見込みです。"),
        ("partly_shipped", "ja", "ご注文 #1001 は分けてお届けします。内訳は、配達済みが1個、配送中が2個です。"),
        (
            "canceled_refunded",
            "ja",
            "ご注文 #1001 はキャンセルされました。ご注文 #1001 の返金（€1,234.59）は完了しております。",
        ),
    ],
)
def test_the_sentences_that_are_easy_to_get_wrong(name, language, expected):
    assert said(STATES[name], language) == expected


@pytest.mark.parametrize(
    ("unsent", "language", "expected"),
    [
        (1, "en", "1 item still being prepared."),
        (5, "en", "5 items still being prepared."),
        (2, "pl", "jeszcze w przygotowaniu – 2 sztuki."),
        (5, "pl", "jeszcze w przygotowaniu – 5 sztuk."),
        (21, "ru", "ещё готовится — 21 товар."),
        (3, "ru", "ещё готовится — 3 товара."),
        (2, "ar", "قطعتان (قيد التجهيز)."),
        (11, "ar", "11 قطعة (قيد التجهيز)."),
    ],
)
def test_what_is_still_to_be_shipped_is_counted(unsent, language, expected):
    assert said(Told(parcels=(DELIVERED,), unsent=unsent), language).endswith(expected)


@pytest.mark.parametrize(("country", "day"), [("DE", "December 9, 2026"), ("US", "December 8, 2026")])
def test_a_day_is_the_destinations(country, day):
    told = Told(parcels=(parcel("in_transit", eta="2026-12-09T01:00:00Z"),)).subject()
    told.order.snapshot["shipping_address"] = {"country_code": country}
    with time_machine.travel(NOW, tick=False):
        found = shipments.shipments_of(told.order, told.store)
        text = order_summaries.told(Subject(told.order, told.store, found, 0, None), "en")
    assert text.endswith(f"should arrive by {day}.")


def test_out_for_delivery_is_told_on_its_own_day_alone():
    yesterday = parcel("out_for_delivery", heard="2026-11-30T10:00:00Z")
    assert said(Told(parcels=(yesterday,)), "en") == "Order #1001 is on its way."


def test_what_nobody_has_decided_about_a_refund_is_no_news():
    waiting = SimpleNamespace(status="awaiting_approval", amount=100, currency="EUR")
    assert said(Told("canceled", refund=waiting), "en") == "Order #1001 has been canceled."


def test_what_was_promised_for_today_is_not_late_today():
    assert "late" not in said(Told(parcels=(SHIPPED,), promised=date(2026, 12, 1).isoformat()), "en")
