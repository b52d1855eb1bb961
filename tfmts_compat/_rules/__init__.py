"""The rules of a call, as pure tables and functions. Nothing here imports TensorFlow."""
