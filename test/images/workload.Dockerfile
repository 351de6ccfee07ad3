# The programs that play workloads and clients in the tests, on the operator's own slim Node.
ARG RUNTIME
FROM ${RUNTIME}
COPY workload.mjs /app/
ENTRYPOINT ["/usr/bin/node", "/app/workload.mjs"]
CMD ["member"]
