"""What happens inside the processes of a program that `tfmts-compat run` started."""
