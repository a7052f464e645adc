"""The DAG files, under Airflow itself."""
