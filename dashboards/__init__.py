"""The pages people look at. They read through ports only."""
