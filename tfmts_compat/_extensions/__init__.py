"""TensorFlow's classes, extended. Importing a module of this package imports TensorFlow."""
