"""The `pybird SUBCOMMAND` tools."""
