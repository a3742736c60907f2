"""The Python interface: what the command line calls, a file a pipeline. `import tactful as tf` offers its names.

Functions take records in memory, files or runs, and give runs, tables or models. They block until done, also inside
a running event loop (a notebook); `tactful.aio` has the same names as coroutines. Nothing heavier than the standard
library is imported at the top of a file here.
"""
