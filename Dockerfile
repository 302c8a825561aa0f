# Builds the program, then keeps only what it runs on: Node 24 on Debian slim, a user of its own, tini for signals.
FROM node:24-bookworm-slim AS build
WORKDIR /sluice
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
# The image has its own Node; the one that npm brings for machines with an older one stays behind.
RUN npm run build && npm prune --omit=dev && rm -rf node_modules/.cache node_modules/node-* node_modules/.bin/node

FROM node:24-bookworm-slim
RUN command -v tini > /dev/null || (apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/*)
WORKDIR /sluice
ENV NODE_ENV=production
COPY --from=build /sluice/package.json /sluice/LICENSE ./
COPY --from=build /sluice/node_modules ./node_modules
COPY --from=build /sluice/bin ./bin
COPY --from=build /sluice/dist ./dist
RUN ln -s /sluice/bin/sluice.js /usr/local/bin/sluice && mkdir /data && chown node:node /data
USER node
VOLUME /data
ENV SLUICE_LOG_DIRS=/data SLUICE_OBSERVABILITY_LISTENER=:9644
EXPOSE 9092 9093 9644
HEALTHCHECK --interval=2s --timeout=2s --start-period=30s --retries=5 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9644/readyz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/usr/bin/tini", "--", "sluice"]
CMD ["start", "--listen", "0.0.0.0:9092"]
