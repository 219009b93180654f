# What all images stand on: an interpreter, what it needs of its base, certificates and users. No shell, no package
# manager, no pip. BASE is an image with Python 3.11 or newer and pip, such as python:3.11-slim-bookworm.
ARG BASE
FROM ${BASE} AS build
COPY assemble.py /build/
RUN PYTHONHASHSEED=0 python3 /build/assemble.py python /rootfs
COPY probe.py /rootfs/

FROM scratch
COPY --from=build /rootfs /
ENV PATH=/usr/bin LANG=C.UTF-8 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 10001:10001
