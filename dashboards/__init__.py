"""The pages people look at. They read, and write what buttons say, through ports only."""
