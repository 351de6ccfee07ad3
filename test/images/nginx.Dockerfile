# Debian's nginx, set up as the official image is: port 80, in the foreground, logs to standard output and error.
ARG BASE
FROM ${BASE} AS debian
RUN set -eu; mkdir -p /rootfs/run /rootfs/var/lib/nginx /rootfs/var/log/nginx /rootfs/etc; \
    cp -L --parents /usr/sbin/nginx /etc/nginx/mime.types /usr/share/nginx/html/index.html \
      $(LD_TRACE_LOADED_OBJECTS=1 /usr/sbin/nginx | grep -o '/[^ ]*') /rootfs; \
    ln -s /dev/stdout /rootfs/var/log/nginx/access.log; \
    ln -s /dev/stderr /rootfs/var/log/nginx/error.log; \
    printf '%s\n' 'root:x:0:0::/root:/usr/sbin/nologin' 'nginx:x:101:101::/:/usr/sbin/nologin' > /rootfs/etc/passwd; \
    printf '%s\n' 'root:x:0:' 'nginx:x:101:' > /rootfs/etc/group

FROM scratch
COPY --from=debian /rootfs /
COPY nginx.conf /etc/nginx/nginx.conf
EXPOSE 80
STOPSIGNAL SIGQUIT
CMD ["/usr/sbin/nginx", "-g", "daemon off;"]
