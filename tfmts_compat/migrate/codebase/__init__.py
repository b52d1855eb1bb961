"""The files of a code base."""
