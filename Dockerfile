# syntax=docker/dockerfile:1

# The build runs on the platform that it builds for (an emulated or a native
# builder, see deploy/release.md): Alpine's own toolchain makes static binaries,
# and no cross compiler for the C code of the TLS provider has to be kept.
FROM docker.io/library/rust:1.95-alpine3.22 AS build
ARG TARGETARCH
# What the C code of aws-lc-sys is built with. Not pinned: the image's Alpine
# release fixes them, and its old package versions vanish from the mirrors.
# hadolint ignore=DL3018
RUN apk add --no-cache cmake make musl-dev perl
WORKDIR /src
COPY . .
# Dependencies and what was built before stay in the caches, one for each
# platform; the path prefixes would otherwise differ from builder to builder.
RUN --mount=type=cache,id=cargo-${TARGETARCH},target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=target-${TARGETARCH},target=/src/target,sharing=locked \
    RUSTFLAGS="--remap-path-prefix=/src=. --remap-path-prefix=/usr/local/cargo=cargo" \
    cargo build --release --locked --package apivideo-operator --bin apivideo-operator \
    && install -D target/release/apivideo-operator /image/apivideo-operator \
    && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt

# The binary and the root certificates that it checks api.video's with; no
# shell, no package manager, nothing that is written to.
FROM scratch
ARG VERSION=0.0.0-dev
ARG REVISION=unknown
ARG SOURCE=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="apivideo-operator" \
      org.opencontainers.image.description="Keeps api.video live streams equal to LiveStream manifests" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.created="${CREATED}"
COPY --from=build /image/ /
# By number: a kubelet can tell that it isn't root without a passwd file.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/apivideo-operator"]
CMD ["run"]
