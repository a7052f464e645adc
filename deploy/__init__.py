"""What a cluster is started with. Its programs run by themselves; tests import them."""
