# The classifier: its packages are ten times those of the others, and it runs as a user of its own, whose processes the
# kernel counts apart. Its context is made as those of service.Dockerfile are.
ARG BASE
ARG PYTHON
FROM ${BASE} AS packages
COPY assemble.py requirements.txt /build/
COPY wheels /build/wheels/
RUN site=/rootfs$(python3 -c "import sysconfig; print(sysconfig.get_path('purelib'))") \
 && python3 -m pip install --quiet --no-index --find-links=/build/wheels --require-hashes --no-deps --no-compile \
      --no-cache-dir --disable-pip-version-check --root-user-action=ignore --target="$site" -r /build/requirements.txt \
 && rm -rf "$site/bin" \
 && PYTHONHASHSEED=0 python3 /build/assemble.py finish /rootfs

FROM ${BASE} AS code
COPY assemble.py /build/
COPY app /rootfs/app/
RUN mkdir -p /rootfs/run/secrets && PYTHONHASHSEED=0 python3 /build/assemble.py finish /rootfs

FROM ${PYTHON}
COPY --from=packages /rootfs /
COPY --from=code /rootfs /
ENV PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SECRETS_DIR=/run/secrets \
    HTTP_HOST=0.0.0.0 HTTP_PORT=8080
EXPOSE 8080
USER 10002:10002
HEALTHCHECK --interval=3s --timeout=5s --start-period=60s --retries=5 \
  CMD ["/usr/bin/python3", "-I", "-S", "/probe.py", "8080", "/readyz"]
ENTRYPOINT ["/usr/bin/python3", "-P", "-m", "services.classifier"]
