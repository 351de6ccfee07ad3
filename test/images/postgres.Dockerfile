# Debian's PostgreSQL, with the user, folders and port of the official image. Nothing initializes the folder.
ARG BASE
FROM ${BASE}
COPY files /
RUN set -eu; echo 'postgres:x:999:999::/var/lib/postgresql:/bin/sh' >> /etc/passwd; \
    echo 'postgres:x:999:' >> /etc/group; \
    install -d -o 999 -g 999 /var/lib/postgresql; \
    install -d -o 999 -g 999 -m 700 /var/lib/postgresql/data; \
    install -d -o 999 -g 999 -m 2775 /run/postgresql
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 \
    PGDATA=/var/lib/postgresql/data
USER 999:999
STOPSIGNAL SIGINT
EXPOSE 5432
CMD ["postgres"]
