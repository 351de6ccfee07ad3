# Debian's Patroni on the image of PostgreSQL. It has its own client for the API server.
ARG BASE
FROM ${BASE}
COPY files /
# Compiled once here, and not at each start.
USER 0
RUN python3 -m compileall -q /usr/lib/python3 /usr/lib/python3.11 || :
USER 999:999
STOPSIGNAL SIGTERM
EXPOSE 8008
CMD ["patroni", "/etc/patroni/patroni.yml"]
