"""What the OpenSearch and the Elasticsearch adapter share: everything but the client that writes.

Both are read through opensearch-py. Knows neither the record nor the pipeline.
"""
