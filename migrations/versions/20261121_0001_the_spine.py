"""the spine"""

import sqlalchemy as sa
from alembic import op

from app.database import Id, Json, UtcTime

revision = "20261121_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """the spine"""
    op.create_table(
        "audit_log",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=True),
        sa.Column("livemode", sa.Boolean(), nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", Json, nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject_type", sa.String(), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("number", name=op.f("uq_audit_log_number")),
    )
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.create_index("ix_audit_log_store", ["store_id", "id"], unique=False)
        batch_op.create_index("ix_audit_log_unsealed", ["number", "id"], unique=False)

    op.create_table(
        "stores",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("country_code", sa.String(), nullable=False),
        sa.Column("sandbox_shop", sa.String(), nullable=False),
        sa.Column("return_address", Json, nullable=False),
        sa.Column("cursor_secret", sa.String(), nullable=False),
        sa.Column("policy", Json, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stores")),
    )
    op.create_table(
        "answers",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("shopper", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("resource_type", sa.String(), nullable=True),
        sa.Column("resource_id", Id, nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_answers_store_id")),
        sa.PrimaryKeyConstraint("store_id", "livemode", "shopper", "key", name=op.f("pk_answers")),
    )
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.create_index("ix_answers_expires_at", ["expires_at"], unique=False)

    op.create_table(
        "api_keys",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("last_used_at", UtcTime(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_api_keys_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index("ix_api_keys_hash", ["hash"], unique=True)
        batch_op.create_index(batch_op.f("ix_api_keys_store_id"), ["store_id"], unique=False)

    op.create_table(
        "customers",
        sa.Column("id", Id, nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_key", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("phone_key", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("addresses", Json, nullable=False),
        sa.Column("payment_methods", Json, nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_customers_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index("ix_customers_email_key", ["store_id", "livemode", "email_key"], unique=False)
        batch_op.create_index("ix_customers_phone_key", ["store_id", "livemode", "phone_key"], unique=False)
        batch_op.create_index("uq_customers_external_id", ["store_id", "livemode", "external_id"], unique=True)

    op.create_table(
        "decisions",
        sa.Column("id", Id, nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("rules", Json, nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("subject_type", sa.String(), nullable=True),
        sa.Column("subject_id", Id, nullable=True),
        sa.Column("message_id", Id, nullable=True),
        sa.Column("actor", Json, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_decisions_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index("ix_decisions_message_id", ["message_id"], unique=False)

    op.create_table(
        "events",
        sa.Column("id", Id, nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("resource_type", sa.String(), nullable=False),
        sa.Column("resource_id", Id, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("object", Json, nullable=False),
        sa.Column("previous", Json, nullable=True),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_events_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("resource_id", "sequence", name=op.f("uq_events_resource_id_sequence")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_log", ["store_id", "livemode", "position", "id"], unique=False)

    op.create_table(
        "operations",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("provider_key", sa.String(), nullable=False),
        sa.Column("subject_type", sa.String(), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("message_id", Id, nullable=True),
        sa.Column("command", Json, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("schedule", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("leased_until", UtcTime(), nullable=True),
        sa.Column("next_try_at", UtcTime(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_detail", sa.String(), nullable=True),
        sa.Column("rechecks", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.Column("dead_at", UtcTime(), nullable=True),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_operations_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
        sa.UniqueConstraint("provider_key", name=op.f("uq_operations_provider_key")),
    )
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.create_index("ix_operations_message_id", ["message_id"], unique=False)
        batch_op.create_index("ix_operations_status", ["status", "next_try_at"], unique=False)
        batch_op.create_index("ix_operations_store", ["store_id", "livemode", "id"], unique=False)
        batch_op.create_index("ix_operations_subject", ["subject_type", "subject_id"], unique=False)

    op.create_table(
        "spend_counters",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("scope_id", sa.String(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_spend_counters_store_id")),
        sa.PrimaryKeyConstraint(
            "store_id", "livemode", "currency", "scope", "scope_id", name=op.f("pk_spend_counters")
        ),
    )
    op.create_table(
        "operation_tries",
        sa.Column("operation_id", Id, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("executor", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("detail", Json, nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_operation_tries_operation_id")),
        sa.PrimaryKeyConstraint("operation_id", "number", name=op.f("pk_operation_tries")),
    )
    op.create_table(
        "orders",
        sa.Column("id", Id, nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("number_key", sa.String(), nullable=False),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("email_key", sa.String(), nullable=True),
        sa.Column("phone_key", sa.String(), nullable=True),
        sa.Column("postal_key", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("placed_at", UtcTime(), nullable=False),
        sa.Column("delivered_at", UtcTime(), nullable=True),
        sa.Column("canceled_at", UtcTime(), nullable=True),
        sa.Column("snapshot", Json, nullable=False),
        sa.Column("tracking", Json, nullable=False),
        sa.Column("fetched_at", UtcTime(), nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_orders_customer_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_orders_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index("ix_orders_customer_id", ["customer_id"], unique=False)
        batch_op.create_index("ix_orders_email_key", ["store_id", "livemode", "email_key"], unique=False)
        batch_op.create_index("ix_orders_number_key", ["store_id", "livemode", "number_key"], unique=False)
        batch_op.create_index("uq_orders_external_id", ["store_id", "livemode", "external_id"], unique=True)

    op.create_table(
        "cancellations",
        sa.Column("id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("operation_id", Id, nullable=False),
        sa.Column("refund_id", Id, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_cancellations_operation_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_cancellations_order_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_cancellations_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cancellations")),
    )
    with op.batch_alter_table("cancellations", schema=None) as batch_op:
        batch_op.create_index(
            "uq_cancellations_order",
            ["order_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('pending','unknown','succeeded')"),
            postgresql_where=sa.text("status IN ('pending','unknown','succeeded')"),
        )

    op.create_table(
        "order_lines",
        sa.Column("id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("fulfilled_quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("final_sale", sa.Boolean(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("order_id", "external_id", name=op.f("uq_order_lines_order_id_external_id")),
    )
    op.create_table(
        "order_payments",
        sa.Column("id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("payment_method_id", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("refunded_outside", sa.BigInteger(), nullable=False),
        sa.Column("ledger_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_payments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_payments")),
        sa.UniqueConstraint("order_id", "external_id", name=op.f("uq_order_payments_order_id_external_id")),
    )
    op.create_table(
        "refunds",
        sa.Column("id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("return_id", Id, nullable=True),
        sa.Column("cancellation_id", Id, nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("shipping", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("payment_method_id", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("actor", Json, nullable=False),
        sa.Column("automated", sa.Boolean(), nullable=False),
        sa.Column("spending_day", sa.String(), nullable=True),
        sa.Column("failure_code", sa.String(), nullable=True),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_refunds_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.create_index("ix_refunds_customer_id", ["customer_id"], unique=False)
        batch_op.create_index("ix_refunds_order_id", ["order_id"], unique=False)
        batch_op.create_index("ix_refunds_store", ["store_id", "livemode", "id"], unique=False)

    op.create_table(
        "returns",
        sa.Column("id", Id, nullable=False),
        sa.Column("rma", sa.String(), nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("ticket_id", Id, nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("payment_method_id", sa.String(), nullable=True),
        sa.Column("refund_id", Id, nullable=True),
        sa.Column("actor", Json, nullable=False),
        sa.Column("approved_at", UtcTime(), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=True),
        sa.Column("inspected_at", UtcTime(), nullable=True),
        sa.Column("completed_at", UtcTime(), nullable=True),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_returns_order_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_returns_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
    )
    with op.batch_alter_table("returns", schema=None) as batch_op:
        batch_op.create_index("ix_returns_order_id", ["order_id"], unique=False)
        batch_op.create_index("ix_returns_store", ["store_id", "livemode", "id"], unique=False)
        batch_op.create_index("uq_returns_rma", ["store_id", "livemode", "rma"], unique=True)

    op.create_table(
        "tickets",
        sa.Column("id", Id, nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("intent", sa.String(), nullable=True),
        sa.Column("sentiment", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("assignee", sa.String(), nullable=True),
        sa.Column("team", sa.String(), nullable=True),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("order_id", Id, nullable=True),
        sa.Column("contact", Json, nullable=False),
        sa.Column("contact_key", sa.String(), nullable=True),
        sa.Column("proof", sa.BigInteger(), nullable=False),
        sa.Column("tags", Json, nullable=False),
        sa.Column("handoff", Json, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("last_message_at", UtcTime(), nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_tickets_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_tickets_order_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_tickets_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
    )
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.create_index("ix_tickets_contact", ["store_id", "livemode", "contact_key", "id"], unique=False)
        batch_op.create_index("ix_tickets_customer_id", ["customer_id", "id"], unique=False)
        batch_op.create_index("ix_tickets_status", ["store_id", "livemode", "status", "id"], unique=False)
        batch_op.create_index("ix_tickets_store", ["store_id", "livemode", "id"], unique=False)

    op.create_table(
        "tracking_numbers",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_tracking_numbers_order_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_tracking_numbers_store_id")),
        sa.PrimaryKeyConstraint("store_id", "livemode", "number", "order_id", name=op.f("pk_tracking_numbers")),
    )
    op.create_table(
        "messages",
        sa.Column("id", Id, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("author", Json, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("in_reply_to", Id, nullable=True),
        sa.Column("triage", Json, nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("buttons", Json, nullable=False),
        sa.Column("cards", Json, nullable=False),
        sa.Column("details", Json, nullable=False),
        sa.Column("answer", Json, nullable=True),
        sa.Column("operation_id", Id, nullable=True),
        sa.Column("delivery", sa.String(), nullable=True),
        sa.Column("occurred_at", UtcTime(), nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_messages_store_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_messages_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index("ix_messages_ticket_id", ["ticket_id", "id"], unique=False)
        batch_op.create_index(
            "uq_messages_external_id",
            ["store_id", "livemode", "channel", "external_id"],
            unique=True,
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        )

    op.create_table(
        "refund_allocations",
        sa.Column("id", Id, nullable=False),
        sa.Column("refund_id", Id, nullable=False),
        sa.Column("payment_id", Id, nullable=False),
        sa.Column("operation_id", Id, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("failure_code", sa.String(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refund_allocations_amount")),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_refund_allocations_operation_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["order_payments.id"], name=op.f("fk_refund_allocations_payment_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_allocations_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_allocations")),
    )
    with op.batch_alter_table("refund_allocations", schema=None) as batch_op:
        batch_op.create_index("ix_refund_allocations_payment_id", ["payment_id"], unique=False)
        batch_op.create_index("ix_refund_allocations_refund_id", ["refund_id"], unique=False)

    op.create_table(
        "refund_lines",
        sa.Column("refund_id", Id, nullable=False),
        sa.Column("line_id", Id, nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_refund_lines_quantity")),
        sa.ForeignKeyConstraint(["line_id"], ["order_lines.id"], name=op.f("fk_refund_lines_line_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_lines_refund_id")),
        sa.PrimaryKeyConstraint("refund_id", "line_id", name=op.f("pk_refund_lines")),
    )
    with op.batch_alter_table("refund_lines", schema=None) as batch_op:
        batch_op.create_index("ix_refund_lines_line_id", ["line_id"], unique=False)

    op.create_table(
        "return_labels",
        sa.Column("id", Id, nullable=False),
        sa.Column("return_id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("operation_id", Id, nullable=False),
        sa.Column("void_operation_id", Id, nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=True),
        sa.Column("tracking_number", sa.String(), nullable=True),
        sa.Column("tracking_url", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("qr", sa.Boolean(), nullable=False),
        sa.Column("parcel", Json, nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("failure_code", sa.String(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_return_labels_operation_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_return_labels_order_id")),
        sa.ForeignKeyConstraint(["return_id"], ["returns.id"], name=op.f("fk_return_labels_return_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_return_labels_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_labels")),
    )
    with op.batch_alter_table("return_labels", schema=None) as batch_op:
        batch_op.create_index("ix_return_labels_store", ["store_id", "livemode", "id"], unique=False)
        batch_op.create_index(
            "uq_return_labels_active",
            ["return_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('pending','unknown','active','voiding')"),
            postgresql_where=sa.text("status IN ('pending','unknown','active','voiding')"),
        )

    op.create_table(
        "return_lines",
        sa.Column("return_id", Id, nullable=False),
        sa.Column("line_id", Id, nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("received_quantity", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("resolution", sa.String(), nullable=False),
        sa.Column("condition", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["line_id"], ["order_lines.id"], name=op.f("fk_return_lines_line_id")),
        sa.ForeignKeyConstraint(["return_id"], ["returns.id"], name=op.f("fk_return_lines_return_id")),
        sa.PrimaryKeyConstraint("return_id", "line_id", name=op.f("pk_return_lines")),
    )
    with op.batch_alter_table("return_lines", schema=None) as batch_op:
        batch_op.create_index("ix_return_lines_line_id", ["line_id"], unique=False)

    op.create_table(
        "ticket_tags",
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_tags_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "tag", name=op.f("pk_ticket_tags")),
    )
    with op.batch_alter_table("ticket_tags", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_tags_tag", ["tag", "ticket_id"], unique=False)

    op.create_table(
        "return_label_files",
        sa.Column("label_id", Id, nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["label_id"], ["return_labels.id"], name=op.f("fk_return_label_files_label_id")),
        sa.PrimaryKeyConstraint("label_id", "format", name=op.f("pk_return_label_files")),
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_table("return_label_files")
    with op.batch_alter_table("ticket_tags", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_tags_tag")

    op.drop_table("ticket_tags")
    with op.batch_alter_table("return_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_return_lines_line_id")

    op.drop_table("return_lines")
    with op.batch_alter_table("return_labels", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_return_labels_active",
            sqlite_where=sa.text("status IN ('pending','unknown','active','voiding')"),
            postgresql_where=sa.text("status IN ('pending','unknown','active','voiding')"),
        )
        batch_op.drop_index("ix_return_labels_store")

    op.drop_table("return_labels")
    with op.batch_alter_table("refund_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_refund_lines_line_id")

    op.drop_table("refund_lines")
    with op.batch_alter_table("refund_allocations", schema=None) as batch_op:
        batch_op.drop_index("ix_refund_allocations_refund_id")
        batch_op.drop_index("ix_refund_allocations_payment_id")

    op.drop_table("refund_allocations")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_messages_external_id",
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_messages_ticket_id")

    op.drop_table("messages")
    op.drop_table("tracking_numbers")
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.drop_index("ix_tickets_store")
        batch_op.drop_index("ix_tickets_status")
        batch_op.drop_index("ix_tickets_customer_id")
        batch_op.drop_index("ix_tickets_contact")

    op.drop_table("tickets")
    with op.batch_alter_table("returns", schema=None) as batch_op:
        batch_op.drop_index("uq_returns_rma")
        batch_op.drop_index("ix_returns_store")
        batch_op.drop_index("ix_returns_order_id")

    op.drop_table("returns")
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.drop_index("ix_refunds_store")
        batch_op.drop_index("ix_refunds_order_id")
        batch_op.drop_index("ix_refunds_customer_id")

    op.drop_table("refunds")
    op.drop_table("order_payments")
    op.drop_table("order_lines")
    with op.batch_alter_table("cancellations", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_cancellations_order",
            sqlite_where=sa.text("status IN ('pending','unknown','succeeded')"),
            postgresql_where=sa.text("status IN ('pending','unknown','succeeded')"),
        )

    op.drop_table("cancellations")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("uq_orders_external_id")
        batch_op.drop_index("ix_orders_number_key")
        batch_op.drop_index("ix_orders_email_key")
        batch_op.drop_index("ix_orders_customer_id")

    op.drop_table("orders")
    op.drop_table("operation_tries")
    op.drop_table("spend_counters")
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.drop_index("ix_operations_subject")
        batch_op.drop_index("ix_operations_store")
        batch_op.drop_index("ix_operations_status")
        batch_op.drop_index("ix_operations_message_id")

    op.drop_table("operations")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_log")

    op.drop_table("events")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index("ix_decisions_message_id")

    op.drop_table("decisions")
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index("uq_customers_external_id")
        batch_op.drop_index("ix_customers_phone_key")
        batch_op.drop_index("ix_customers_email_key")

    op.drop_table("customers")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_keys_store_id"))
        batch_op.drop_index("ix_api_keys_hash")

    op.drop_table("api_keys")
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.drop_index("ix_answers_expires_at")

    op.drop_table("answers")
    op.drop_table("stores")
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_log_unsealed")
        batch_op.drop_index("ix_audit_log_store")

    op.drop_table("audit_log")
