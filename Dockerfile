# Earshot and what running it needs, from a lock; no compiler, no tests, no secrets, no root.
#     docker build --tag earshot .                                            for a cluster: with Airflow and all clients
#     docker build --build-arg LOCK=core --tag earshot:one-machine .          for one machine: a third of the size
# Everything that is copied here is named in .dockerignore; tests/containers holds the two together.

FROM python:3.11-slim AS build
ARG LOCK=cluster
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /opt/earshot
# Its own layer: made again only when a lock changes.
COPY locks/core.txt locks/cluster.txt locks/
RUN /opt/earshot/bin/pip install --require-hashes -r locks/${LOCK}.txt -c locks/${LOCK}.txt
COPY pyproject.toml README.md LICENSE ./
COPY earshot earshot
COPY spiders spiders
COPY nlp nlp
COPY mappings mappings
COPY dashboards dashboards
RUN /opt/earshot/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel .
RUN /opt/earshot/bin/pip install --no-deps /wheel/*.whl && /opt/earshot/bin/earshot --version

FROM python:3.11-slim
RUN useradd --uid 1000 --no-create-home --home-dir /tmp earshot
# The home that Airflow's Helm chart gives its parts: its settings are mounted there, and a worker writes its process id.
RUN install --directory --owner=1000 --group=0 --mode=775 /opt/airflow
COPY --from=build /opt/earshot /opt/earshot
# Airflow's Helm chart asks for the health of its parts through it.
RUN printf '#!/bin/sh\nexec "$@"\n' > /entrypoint && chmod 755 /entrypoint
# DAG files are in no wheel. prepare.py makes what Airflow needs before it starts.
COPY dags /opt/earshot/dags
COPY deploy/prepare.py /opt/earshot/prepare.py
# Any user id may be given at start: with a HOME, and with a name, without which Airflow runs no command.
ENV HOME=/tmp USER=earshot LOGNAME=earshot
# Several processes share the cores; a linear algebra library that starts a thread for each core only takes memory.
ENV OPENBLAS_NUM_THREADS=1
# AIRFLOW_HOME holds nothing that is to be kept.
ENV PATH=/opt/earshot/bin:$PATH AIRFLOW_HOME=/tmp/airflow PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 EARSHOT_WORKSPACE=/workspace
USER 1000:1000
WORKDIR /workspace
CMD ["earshot", "run"]
