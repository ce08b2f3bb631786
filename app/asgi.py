"""The app for uvicorn's own worker processes (`aftersale serve --workers N`, PostgreSQL only)."""

from app import logs
from app.main import create_app
from app.settings import Settings

settings = Settings()  # pyright: ignore[reportCallIssue]
logs.configure(settings.log_level)
app = create_app(settings)
