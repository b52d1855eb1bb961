"""`tfmts-compat migrate`: moves a code base onto tfmts_compat.

names says what moves; files finds the files and writes them, and prefilter keeps the work
small; rewrite does it on a module that LibCST has analysed (module, resolver), with imports
for what comes in and goes, unless other files take it (importers); findings, call_checks and
requirements hold what is left to a person; edits and notebook read and write text; jobs,
report and command do the rest.
"""
