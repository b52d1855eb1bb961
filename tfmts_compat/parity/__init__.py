"""The parity suite: does the shim behave like upstream on the installed TensorFlow?

A scenario is a call and a small training run. Upstream's function and the shim both
run it, each in a graph and a directory of its own. The trace of a run contains everything
that can be observed: what was built, written, logged and returned. The suite compares the
two traces. It also compares upstream's trace with the golden of the TensorFlow minor,
which contains the traces of upstream that were recorded on it.
"""
