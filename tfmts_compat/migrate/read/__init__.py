"""Reads a module: its text, its scopes, and what its names refer to."""
