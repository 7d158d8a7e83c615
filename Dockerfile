FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/evenhand
ENV PATH=/opt/evenhand/bin:$PATH
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY events events
COPY config config
COPY projections projections
COPY streams streams
COPY web web
COPY cli cli
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
COPY --from=build /opt/evenhand /opt/evenhand
ENV PATH=/opt/evenhand/bin:$PATH
# Made here so that a new volume over them belongs to the user that writes to it.
RUN useradd --system --uid 10001 evenhand \
    && mkdir -p /etc/evenhand /var/lib/evenhand/state /var/lib/evenhand/snapshots \
    && chown -R evenhand /var/lib/evenhand
USER evenhand
WORKDIR /var/lib/evenhand
ENTRYPOINT ["evenhand"]
CMD ["--help"]
