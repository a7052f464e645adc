# Earshot and what running it needs, from the lock; no compiler, no secrets, no root.
#     docker build --tag earshot .
# Everything that is copied here is named in .dockerignore; tests/dags/test_containers.py holds the two together.

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /opt/earshot
# Its own layer: made again only when the lock changes.
COPY locks/core.txt locks/core.txt
RUN /opt/earshot/bin/pip install --require-hashes -r locks/core.txt
COPY pyproject.toml README.md LICENSE ./
COPY earshot earshot
COPY spiders spiders
COPY nlp nlp
COPY mappings mappings
COPY dashboards dashboards
RUN /opt/earshot/bin/pip install --no-deps --no-build-isolation . && /opt/earshot/bin/earshot --version

FROM python:3.11-slim
RUN useradd --uid 1000 --no-create-home --home-dir /tmp earshot
COPY --from=build /opt/earshot /opt/earshot
# HOME: any user id may be given at start, with or without a home.
ENV PATH=/opt/earshot/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 EARSHOT_WORKSPACE=/workspace
USER 1000:1000
WORKDIR /workspace
# Record and index answer. It waits as long as a writer may wait for SQLite (30 s), and then some.
HEALTHCHECK --interval=2m --timeout=60s --start-period=60s CMD ["earshot", "status", "--json"]
ENTRYPOINT ["earshot"]
CMD ["run"]
