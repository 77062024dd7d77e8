# The production image: web, worker, watch and migrate are the same image with another command (docker-compose.yml).

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
COPY deploy/requirements.txt /tmp/requirements.txt
RUN python -m venv /venv && \
    /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements.txt
COPY manage.py ./
COPY config ./config
COPY recovery ./recovery
COPY deploy/alive.py ./alive.py
# collectstatic asks no server; the values are nobody's and do not reach the next stage.
RUN RECOVERY_ENV=production SECRET_KEY=only-for-collectstatic ALLOWED_HOSTS=none BASE_URL=https://none \
    DATABASE_URL=postgresql://none/none REDIS_URL=redis://none/0 EMAIL_URL=smtp://none STATIC_ROOT=/app/static \
    /venv/bin/python manage.py collectstatic --no-input --verbosity 0 && \
    /venv/bin/python -m compileall -q /app

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin recovery
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 RECOVERY_ENV=production STATIC_ROOT=/app/static
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--no-ws", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "1", "--respawn-failed-workers", "--workers-kill-timeout", "20", \
     "--http1-buffer-size", "32768", \
     "config.wsgi:application"]
