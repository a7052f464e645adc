"""The stages, one module each: plan, collect, ingest, publish, alert, maintain. They know ports and model only."""
