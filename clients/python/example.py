"""What a store's server does most: look at an order, send a photo, take an item back once, hear a no.

AFTERSALE_URL=http://127.0.0.1:8000 AFTERSALE_KEY=sk_test_… python example.py torn.jpg
"""

import json
import os
import sys
from pathlib import Path
from typing import TypeVar

from aftersale_client import AuthenticatedClient
from aftersale_client.api.files import create_file
from aftersale_client.api.orders import list_orders
from aftersale_client.api.returns import create_return
from aftersale_client.models import (
    FileOut,
    FileUploadIn,
    PageOrderOut,
    Problem,
    ReturnIn,
    ReturnLineIn,
    ReturnOut,
)
from aftersale_client.types import File

T = TypeVar("T")


def needed(answer: object, kind: type[T]) -> T:
    """What was asked for, or the problem's sentence as an error."""
    if not isinstance(answer, kind):
        raise SystemExit(answer.detail if isinstance(answer, Problem) else "no answer")
    return answer


def main() -> None:
    """Each step as a store would do it."""
    url, key = os.environ.get("AFTERSALE_URL", "http://127.0.0.1:8000"), os.environ["AFTERSALE_KEY"]
    with AuthenticatedClient(base_url=url, token=key) as client:
        orders = needed(list_orders.sync(client=client, number="#1001"), PageOrderOut)
        order = orders.data[0]
        line = order.lines[0]

        with Path(sys.argv[1]).open("rb") as photo:
            form = FileUploadIn(file=File(payload=photo, file_name="torn.jpg", mime_type="image/jpeg"))
            file = needed(create_file.sync(client=client, body=form), FileOut)

        # The same key and body again: the same return, and no second one.
        wanted = ReturnLineIn(line_id=line.id, quantity=1, reason="too small", files=[file.id])
        body = ReturnIn(order=order.id, lines=[wanted])
        made = [
            needed(create_return.sync(client=client, body=body, idempotency_key=f"return-{order.id}"), ReturnOut)
            for _ in range(2)
        ]

        more = ReturnIn(order=order.id, lines=[ReturnLineIn(line_id=line.id, quantity=line.quantity)])
        refused = create_return.sync_detailed(client=client, body=more, idempotency_key=f"again-{order.id}")
        problem = needed(refused.parsed, Problem)

    found = {
        "order": order.number,
        "orders": len(orders.data),
        "returns": [return_.id for return_ in made],
        "files": [row.files for row in made[0].lines],
        "refused": {"status": int(refused.status_code), "code": problem.code},
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
