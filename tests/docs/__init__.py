"""The docs fail the build when they lie."""
