"""The checkpoints in a directory. Importing a module of this package imports TensorFlow."""
