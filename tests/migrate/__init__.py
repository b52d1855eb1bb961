"""A package, so that its tests can import `.helpers`; tests/helpers.py is another module."""
