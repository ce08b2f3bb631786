# syntax=docker/dockerfile:1
FROM python:3.13-slim AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/srv/aftersale/.venv/bin:$PATH
WORKDIR /srv/aftersale

# Exactly what the lock says, by hash; nothing of it is compiled here.
FROM base AS packages
RUN pip install --no-cache-dir uv==0.13.9
COPY requirements.lock ./
RUN python -m venv .venv && \
    uv pip install --python .venv/bin/python --require-hashes --no-deps --no-cache --compile-bytecode -r requirements.lock

FROM packages AS project
COPY pyproject.toml README.md ./
COPY app ./app
COPY migrations ./migrations
RUN uv pip install --python .venv/bin/python --no-deps --no-build-isolation --no-cache -e . && \
    .venv/bin/python -m compileall -q app migrations

FROM base AS runtime
RUN useradd --system --uid 10001 --home-dir /srv/aftersale --shell /usr/sbin/nologin aftersale && \
    install -d -m 0700 -o aftersale -g aftersale /var/lib/aftersale
COPY --from=project /srv/aftersale /srv/aftersale
ENV AFTERSALE_HOST=0.0.0.0 AFTERSALE_PORT=8000 AFTERSALE_DATA_DIR=/var/lib/aftersale
USER aftersale
VOLUME /var/lib/aftersale
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['AFTERSALE_PORT']}/healthz\", timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["aftersale"]
CMD ["serve"]
