"""`tfmts-compat migrate`: migrates a code base to tfmts_compat.

CONTRIBUTING.md lists the modules. Start with `change.rewrite`, which migrates one module, and with
`names`, which has the old and the new names.
"""
