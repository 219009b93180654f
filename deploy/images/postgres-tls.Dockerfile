# PostgreSQL with TLS, of the build that deploy/local unpacks for SECURE=1. It takes OpenSSL, libxml2, Kerberos, lz4, zstd
# and time zones of BASE. It keeps a shell: initdb and archive_command are written for one.
ARG BASE
ARG PYTHON
FROM ${BASE} AS build
COPY assemble.py /build/
COPY postgres /rootfs/opt/postgres/
COPY app /rootfs/app/
RUN mkdir -p /rootfs/run/secrets /rootfs/usr/share && chmod 755 /rootfs/opt/postgres/bin/* \
 && cp -a /usr/share/zoneinfo /rootfs/usr/share/ && PYTHONHASHSEED=0 python3 /build/assemble.py finish /rootfs /bin/sh
RUN mkdir -p /data && chmod 700 /data

FROM ${PYTHON}
COPY --from=build /rootfs /
COPY --from=build --chown=10001:10001 /data /var/lib/postgresql
ENV PATH=/opt/postgres/bin:/usr/bin LD_LIBRARY_PATH=/opt/postgres/lib
EXPOSE 5432
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
HEALTHCHECK --interval=3s --timeout=5s --start-period=60s --retries=5 \
  CMD ["/opt/postgres/bin/pg_isready", "--quiet", "--host=127.0.0.1", "--username=postgres"]
ENTRYPOINT ["/usr/bin/python3", "-I", "/app/postgres.py"]
