# syntax=docker/dockerfile:1
# Two stages: the compiler stays in the first. Build: docker build -t chancery .
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No install script is needed: the image has its Node, and native modules bring their binaries.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY apps ./apps
COPY libs ./libs
RUN npm run build

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY --from=build /app/dist ./dist

# Nothing but /data is written, so the root file system may be read-only. The master key and the database stand
# in one volume by default: in production give the key from elsewhere, so that a stolen volume opens nothing.
RUN install -d -o node -g node -m 0700 /data
VOLUME /data
ENV HOST=0.0.0.0 \
    PORT=3000 \
    DATABASE_URL=sqlite:/data/chancery.db \
    CHANCERY_MASTER_KEY_FILE=/data/master.key \
    CHANCERY_CHECKPOINT_FILE=/data/checkpoints.ndjson
# The user `node`, by number: with `runAsNonRoot`, Kubernetes does not start an image whose user is a name.
USER 1000:1000
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/apps/server/src/main.js"]
