"""Maintain: retention, integrity and freshness, the stage that keeps Earshot well. Each part is a module of its own."""
