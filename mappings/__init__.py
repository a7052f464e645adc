"""Index templates of the clusters as JSON, and their loader."""
