"""Does the shim behave as upstream on this TensorFlow? Scenarios, traces, goldens, a report.

A scenario is a call and a small training run. It is run by upstream's function
and by the shim, each in a graph and a directory of its own, and what can be seen
of a run is its trace. Traces are compared with each other and with the golden of
the TensorFlow minor: what upstream did when that was recorded.
"""
