"""A shop as its last import left it, kept beside it: a reset copies rows instead of taking the document in again.

Only where the import's times are absolute: those that are relative are counted anew at each reset.
"""

import sqlite3

from app.sandbox.store import SHOP_TABLES, now_us, one, rows


def keep(db: sqlite3.Connection, shop: str) -> None:
    """Keep the shop, which has just been imported, as what a reset brings back."""
    db.execute("INSERT INTO shops (name, settings) SELECT ?, settings FROM shops WHERE name = ?", (_beside(shop), shop))
    for table in SHOP_TABLES:
        _copy(db, table, shop, _beside(shop))


def forget(db: sqlite3.Connection, shop: str) -> None:
    """Another document is taken in: what was kept is no longer it."""
    for table in SHOP_TABLES:
        db.execute(f"DELETE FROM {table} WHERE shop = ?", (_beside(shop),))  # noqa: S608 - our own table names
    db.execute("DELETE FROM shops WHERE name = ?", (_beside(shop),))


def bring_back(db: sqlite3.Connection, shop: str) -> bool:
    """Put what was kept in the place of the shop, in a new epoch of its ledger; False where nothing was kept."""
    if one(db, "SELECT 1 FROM shops WHERE name = ?", _beside(shop)) is None:
        return False
    for table in SHOP_TABLES:
        db.execute(f"DELETE FROM {table} WHERE shop = ?", (shop,))  # noqa: S608 - our own table names
        _copy(db, table, _beside(shop), shop)
    db.execute("UPDATE orders SET changed_us = ? WHERE shop = ?", (now_us(), shop))
    db.execute(
        "UPDATE shops SET epoch = epoch + 1, settings = (SELECT settings FROM shops WHERE name = ?) WHERE name = ?",
        (_beside(shop), shop),
    )
    return True


def _beside(shop: str) -> str:
    """No request can name it: a shop's name has no slash."""
    return f"{shop}/imported"


def _copy(db: sqlite3.Connection, table: str, source: str, target: str) -> None:
    if table == "faults":  # numbered over all shops, and an import has none
        return
    columns = [row["name"] for row in rows(db, f"PRAGMA table_info({table})")]
    others = ", ".join(name for name in columns if name != "shop")
    # S608: the names are the schema's own.
    db.execute(f"INSERT INTO {table} (shop, {others}) SELECT ?, {others} FROM {table} WHERE shop = ?", (target, source))  # noqa: S608
