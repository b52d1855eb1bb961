"""The subcommands of tfmts-compat, one module each."""
