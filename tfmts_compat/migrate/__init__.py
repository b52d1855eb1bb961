"""`tfmts-compat migrate`: moves a code base onto tfmts_compat.

names says what moves; screen, candidates and slim keep the work small; rewrite does it
on a module that LibCST has analysed; imports and statements place the imports; findings
and calls hold what is left to a person; source and notebook read and write text; files
and command do the rest.
"""
