# One image for web, worker, beat and migrate; the command says which.
FROM python:3.13-slim AS packages
COPY requirements.txt /
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r /requirements.txt

FROM python:3.13-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BETEDGE_ENV=production
RUN useradd --uid 10001 --no-create-home --home-dir /srv/betedge --shell /usr/sbin/nologin betedge
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/betedge
COPY . .
# Only to load the settings while files are copied: these values are gone when the line ends.
RUN BETEDGE_SECRET_KEY=$(python -c "import secrets; print(secrets.token_hex(32))") \
    BETEDGE_PUBLIC_URL=https://build.invalid \
    BETEDGE_ALLOWED_HOSTS=build.invalid \
    DATABASE_URL=postgres://build@build.invalid/build \
    REDIS_URL=redis://build.invalid/0 \
    python manage.py collectstatic --noinput
USER betedge
