# syntax=docker/dockerfile:1
# The gateway with what its servers need: node and npx, uv and uvx, git. Built by `docker compose build`.

# Packs the same tarball that `npm pack` makes of a checkout.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci --no-audit --no-fund && npm pack --pack-destination /tmp

FROM ghcr.io/astral-sh/uv:0.8.22 AS uv

FROM node:24-bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git tini \
 && rm -rf /var/lib/apt/lists/*
COPY --from=uv /uv /uvx /usr/local/bin/
COPY --from=build /tmp/tooldex-*.tgz /tmp/
RUN npm install --global --no-audit --no-fund /tmp/tooldex-*.tgz \
 && rm -rf /tmp/tooldex-*.tgz /root/.npm \
 && mkdir --parents /data /etc/tooldex \
 && chown node:node /data
COPY config/container/tooldex.yaml /etc/tooldex/tooldex.yaml

# Configuration in /etc/tooldex/tooldex.yaml, everything durable in /data/tooldex, for every `tooldex` command alike.
ENV NODE_ENV=production XDG_CONFIG_HOME=/etc XDG_DATA_HOME=/data UV_CACHE_DIR=/data/cache/uv npm_config_cache=/data/cache/npm
USER node
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
# Servers are processes of this container: somebody has to wait for those that outlive their parents.
ENTRYPOINT ["tini", "--", "tooldex"]
CMD ["serve"]
