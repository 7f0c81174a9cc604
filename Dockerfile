# Quarterdeck with its own PostgreSQL: one container and one volume are a working installation.
#
#   docker build --tag quarterdeck .
#   docker run --detach --name quarterdeck --publish 127.0.0.1:8080:8080 --volume quarterdeck:/var/lib/quarterdeck quarterdeck
#   docker exec quarterdeck quarterdeck setup-link
#
# Behind a name of its own, give it QUARTERDECK_PUBLIC_URL. With DATABASE_URL it uses that server instead:
# see docker-compose.yml.
#
# scripts/check-image makes the last stage without a container engine. Of its instructions it takes FROM (a
# debian:…-slim), RUN, ENV, USER, ENTRYPOINT and CMD; for COPY it puts a binary of the `quick` profile in place,
# and the others it passes over.

FROM rust:1.95-slim-trixie AS build
WORKDIR /source
COPY . .
ENV SQLX_OFFLINE=true
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/target \
    CARGO_TARGET_DIR=/target cargo build --locked --profile dist \
    && cp /target/dist/quarterdeck /usr/local/bin/quarterdeck

FROM debian:trixie-slim AS runtime
# Debian's package would make a cluster of its own, which nobody asked for. tini passes signals on
# and ends what Postgres leaves behind, as process 1 has to.
RUN mkdir -p /etc/postgresql-common \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
    && apt-get update \
    && UCF_FORCE_CONFFOLD=1 DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        ca-certificates git postgresql-17 postgresql-17-pgvector tini \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --user-group --uid 10001 --home-dir /var/lib/quarterdeck --shell /usr/sbin/nologin quarterdeck \
    && install --directory --owner quarterdeck --group quarterdeck --mode 700 /var/lib/quarterdeck
COPY --from=build /usr/local/bin/quarterdeck /usr/local/bin/quarterdeck

USER quarterdeck
WORKDIR /var/lib/quarterdeck
ENV QUARTERDECK_DATA_DIR=/var/lib/quarterdeck QUARTERDECK_LISTEN=0.0.0.0:8080 QUARTERDECK_LOG__FORMAT=json
VOLUME /var/lib/quarterdeck
EXPOSE 8080
# A cluster is made within seconds, and one that was not ended properly may have to be repaired.
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s CMD ["quarterdeck", "health"]
# Postgres closes its cluster within the 10 s that an engine waits; STOPSIGNAL stays SIGTERM.
ENTRYPOINT ["tini", "--", "quarterdeck"]
CMD ["serve"]
