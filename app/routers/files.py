"""Files: photos and documents, checked by their content, written anew, served so that nothing of them runs."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.routers import examples, uploads
from app.routers.answers import Json, StrictRoute, bytes_of, refusals
from app.routers.calling import Means, needs
from app.routers.schemas import Out
from app.routers.writes import OptionalKey, perform
from app.services import files
from app.services.callers import Caller
from app.services.file_names import EXTENSIONS
from app.services.idempotency import Keyed

router = APIRouter(prefix="/v1/files", tags=["Files"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("files:read"))]
Writer = Annotated[Caller, Depends(needs("files:write"))]
FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "title": "FileUploadIn",
                    "description": "One file, and what it is meant for.",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "The file, with its name."},
                        "purpose": {
                            "type": "string",
                            "enum": ["claim", "return", "message", "other"],
                            "description": "What it is meant for; told back, and nothing else.",
                        },
                    },
                    "additionalProperties": False,
                },
                "example": {"file": "(the bytes of damaged.jpg)", "purpose": "claim"},
            }
        },
    }
}


class FileOut(Out):
    """A file as it is kept: `size`, `width`, `height` and `sha256` are those of what `content` gives."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.FILE]})

    id: str
    livemode: bool
    customer: str | None = Field(description="Whose it is; null: nobody's yet, it was sent by the store.")
    name: str = Field(description="Safe for disks and headers, with the extension of its true type.")
    type: str = Field(description="image/jpeg image/png image/webp image/gif application/pdf")
    size: int = Field(description="Bytes.")
    width: int | None = Field(description="Pixels; null for a PDF.")
    height: int | None
    sha256: str
    purpose: str | None
    content: str
    used_by: list[dict[str, str]] = Field(description="`type` and `id` of what it hangs on: return, claim, message.")
    created_at: str


@router.post(
    "",
    summary="Send a file",
    status_code=201,
    response_model=FileOut,
    openapi_extra=FORM,
    responses=refusals(
        errors.InvalidMultipart,
        errors.FileTypeNotAllowed,
        errors.FileUnreadable,
        errors.ImageTooLarge,
        errors.FileQuotaReached,
        errors.TooManyFiles,
    ),
)
async def create_file(request: Request, means: Means, caller: Writer, key: OptionalKey) -> Json:
    """Send a photo (JPEG, PNG, WebP, GIF) or a PDF as multipart/form-data; its content tells what it is.

    Kept is what it shows: EXIF with its places, profiles, comments, scripts and forms are left out, a photo is
    turned as it was held and made at most 4096 pixels wide and high. Name its `id` in `files` of a message, a return
    or a claim within a day, else it is deleted. With `Aftersale-Customer` it is that shopper's alone.
    """
    async with uploads.received(request, means.settings.file_bytes) as upload:

        async def run(keyed: Keyed | None) -> str:
            return await files.take(means, caller, upload, keyed)

        return await perform(request, means, caller, "file", run, key=key, said=upload.told())


@router.get("/{file_id}", summary="Get a file", response_model=FileOut, responses=refusals(errors.FileNotFound))
async def get_file(file_id: str, means: Means, caller: Reader) -> Json:
    """What is known of the file; its bytes are at `content`."""
    return Json(await means.db.read(_view, caller, file_id))


def _view(session: Session, caller: Caller, file_id: str) -> dict[str, Any]:
    return files.view(session, files.get(session, caller, file_id))


@router.get(
    "/{file_id}/content",
    summary="Get a file's bytes",
    response_class=Response,
    responses={
        200: {"description": "The bytes.", "content": bytes_of(*EXTENSIONS)},
        **refusals(errors.FileNotFound),
    },
)
async def get_file_content(file_id: str, means: Means, caller: Reader) -> Response:
    """The bytes, to be saved under their name; a browser that opens them runs nothing of them."""
    file, content = await files.content(means, caller, file_id)
    plain = f"{file.id}.{EXTENSIONS[file.media_type]}"
    named = quote(file.name, safe="")
    return Response(
        content,
        media_type=file.media_type,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{named}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )
