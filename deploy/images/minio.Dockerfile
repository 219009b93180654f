# MinIO, built from its Go module as deploy/local builds it: no image of these fixes is published.
ARG BASE
ARG PYTHON
FROM ${BASE} AS build
COPY minio /rootfs/usr/bin/minio
COPY app /rootfs/app/
RUN chmod 755 /rootfs/usr/bin/minio && mkdir -p /rootfs/run/secrets /data/objects /data/queue && chmod -R 700 /data

FROM ${PYTHON}
COPY --from=build /rootfs /
COPY --from=build --chown=10001:10001 /data /var/lib/minio
ENV MINIO_BROWSER=off MINIO_UPDATE=off HOME=/tmp
EXPOSE 9000
VOLUME /var/lib/minio
HEALTHCHECK --interval=3s --timeout=5s --start-period=60s --retries=5 \
  CMD ["/usr/bin/python3", "-I", "-S", "/probe.py", "9000", "/minio/health/cluster"]
ENTRYPOINT ["/usr/bin/python3", "-I", "-S", "/app/minio.py", "/usr/bin/minio", "server", "--quiet", "--json", "--certs-dir", "/tmp/certs", "--address", ":9000", "/var/lib/minio/objects"]
