# Debian's Redis, its Sentinel and its tools, with the user, folder and port of the official image.
ARG BASE
FROM ${BASE}
COPY files /
RUN set -eu; echo 'redis:x:999:999::/data:/bin/sh' >> /etc/passwd; echo 'redis:x:999:' >> /etc/group; \
    install -d -o 999 -g 999 /data
WORKDIR /data
EXPOSE 6379
CMD ["redis-server", "--protected-mode", "no"]
