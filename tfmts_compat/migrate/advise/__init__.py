"""Reports what has to be changed by hand."""
