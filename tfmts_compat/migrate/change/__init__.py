"""Changes a module: its names and its imports."""
