"""A form with one file, read once it is known who sends it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import get_args

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from app.errors import Invalid, InvalidMultipart, TooLarge
from app.services.files import Purpose, Upload

AT_ONCE = 8
"""Files that a process holds in memory."""
MAX_FIELDS = 4
MAX_FIELD_BYTES = 1024


class _Form(MultiPartParser):
    """Starlette's, which notices no end that is missing, and lets go of a file only once its part has ended."""

    whole = False

    def on_end(self) -> None:
        """The last boundary is here."""
        self.whole = True

    def close(self) -> None:
        """Let go of every file that was begun."""
        for file in self._files_to_close_on_error:
            file.close()


@asynccontextmanager
async def received(request: Request, most: int) -> AsyncGenerator[Upload]:
    """The form's file of at most `most` bytes; raises `invalid_multipart`, `validation_failed` or `body_too_large`.

    While it comes it stands in a temporary file, so that slow clients hold no memory and nobody up; in memory are the
    few that have their turn.
    """
    parser = _Form(request.headers, _stream(request), max_files=1, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES)
    try:
        form = await parser.parse()
        if not parser.whole:
            raise InvalidMultipart("The form ends in the middle.")
        async with request.app.state.uploads:
            yield await _upload(form.multi_items(), most)
    except MultiPartException as error:
        raise InvalidMultipart from error
    finally:
        parser.close()


async def _stream(request: Request) -> AsyncGenerator[bytes]:
    async for chunk in request.stream():
        yield chunk


async def _upload(items: list[tuple[str, UploadFile | str]], most: int) -> Upload:
    items = [(_text(name), value) for name, value in items]
    names = [name for name, _ in items]
    wrong = [{"pointer": f"/{name[:100]}", "code": "extra_forbidden", "detail": "There is no such field."}
             for name in dict.fromkeys(names) if name not in {"file", "purpose"}]  # fmt: skip
    wrong += [{"pointer": f"/{name}", "code": "repeated", "detail": "The field is there more than once."}
              for name in ("file", "purpose") if names.count(name) > 1]  # fmt: skip
    given = dict(items)
    file, purpose = given.get("file"), given.get("purpose")
    if not isinstance(file, UploadFile):
        wrong.append({"pointer": "/file", "code": "missing", "detail": "Send one file in the field file."})
    known: tuple[str, ...] = get_args(Purpose)
    if purpose is not None and purpose not in known:
        wrong.append({"pointer": "/purpose", "code": "literal_error", "detail": f"One of {', '.join(known)}."})
    if wrong:
        raise Invalid(errors=wrong)
    assert isinstance(file, UploadFile)
    if (file.size or 0) > most:
        raise TooLarge(f"A file may have {most} bytes at most.")
    return Upload(_text(file.filename or ""), await file.read(), str(purpose) if purpose is not None else None)


def _text(name: str) -> str:
    """Without halves of characters, which a charset of the form's may bring; no JSON takes them."""
    return name.encode(errors="replace").decode()
