"""The workspace: its YAML and the environment, read into frozen settings with file, line and column in every error."""
