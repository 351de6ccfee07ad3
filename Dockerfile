# The operator's image: Node, the libraries it is linked with, and two bundled files: the operator, and the agent, which it
# puts into the pods of managed engines (`/usr/bin/node /app/agent.mjs install DIR`). No shell, no package manager, not root.
# Node brings its own root certificates. Where npm needs settings or a certificate authority of yours:
#   docker build --secret id=npmrc,src=$HOME/.npmrc --secret id=ca,src=ca.crt -t haservice-operator .

# Any image with glibc, Node 26, npm and strip. Nothing of it but Node and its libraries is in the result.
ARG BASE=docker.io/library/node:26

FROM ${BASE} AS node
RUN set -eu; node=$(command -v node); \
    mkdir -p /rootfs/usr/bin /rootfs/etc; \
    strip -o /rootfs/usr/bin/node "$node"; \
    cp -L --parents $(LD_TRACE_LOADED_OBJECTS=1 "$node" | grep -o '/[^ ]*') /rootfs; \
    echo 'nonroot:x:65532:65532::/:/usr/sbin/nologin' > /rootfs/etc/passwd; \
    echo 'nonroot:x:65532:' > /rootfs/etc/group

FROM scratch AS runtime
COPY --from=node /rootfs /
USER 65532:65532
ENTRYPOINT ["/usr/bin/node"]

FROM ${BASE} AS bundle
WORKDIR /build
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca \
    npm ci --ignore-scripts --no-audit --no-fund --userconfig /run/secrets/npmrc
COPY scripts/bundle.ts scripts/
COPY src src
RUN node scripts/bundle.ts src/main.ts /out/operator.mjs && \
    node scripts/bundle.ts src/agent/main.ts /out/agent.mjs

FROM runtime
COPY --from=bundle /out /app
EXPOSE 8080
# A small young generation: 6 MB less memory, and nothing here makes much garbage.
ENTRYPOINT ["/usr/bin/node", "--max-semi-space-size=1", "/app/operator.mjs"]
