"""The only access to TensorFlow. Importing this package and its modules does not import it."""
