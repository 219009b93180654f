# upload, quota, janitor, classifier and setup: each a target. The context (`python -m deploy.images context quota`) holds
# the code of the one that is built, the wheels its lock names, and the lock with what holds for the base's Python.
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

FROM ${PYTHON} AS service
COPY --from=packages /rootfs /
COPY --from=code /rootfs /
ENV PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 SECRETS_DIR=/run/secrets \
    HTTP_HOST=0.0.0.0 HTTP_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=3s --timeout=5s --start-period=60s --retries=5 \
  CMD ["/usr/bin/python3", "-I", "-S", "/probe.py", "8080", "/readyz"]

FROM service AS upload
ENTRYPOINT ["/usr/bin/python3", "-P", "-m", "services.upload"]

FROM service AS quota
ENTRYPOINT ["/usr/bin/python3", "-P", "-m", "services.quota"]

FROM service AS janitor
ENTRYPOINT ["/usr/bin/python3", "-P", "-m", "services.janitor"]

# What setup alone needs, as the others share all of their packages.
FROM ${BASE} AS beside
COPY assemble.py beside/requirements.txt /build/
COPY beside/wheels /build/wheels/
RUN site=/rootfs$(python3 -c "import sysconfig; print(sysconfig.get_path('purelib'))") \
 && python3 -m pip install --quiet --no-index --find-links=/build/wheels --require-hashes --no-deps --no-compile \
      --no-cache-dir --disable-pip-version-check --root-user-action=ignore --target="$site" -r /build/requirements.txt \
 && PYTHONHASHSEED=0 python3 /build/assemble.py finish /rootfs

FROM service AS setup
COPY --from=beside /rootfs /
HEALTHCHECK NONE
ENTRYPOINT ["/usr/bin/python3", "-P", "-m", "deploy.containers.setup"]
