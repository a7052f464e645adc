#!/bin/sh
# The two databases and their owners. PostgreSQL's image runs it once, when the data folder is made.
set -eu
SECRETS=${SECRETS:-/run/secrets}

# create NAME PASSWORD_FILE
create() {
    psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres \
        --set=name="$1" --set=password="$(cat "$SECRETS/$2")" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name" ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}

create earshot record_password
create airflow airflow_database_password
