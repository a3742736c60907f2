"""What runs on the other side of the fence: the fork server and the caged child.

This folder is started by a bare interpreter (`-s -P -S`) that sees the standard library alone, so nothing here may
import from outside it. `values` and `seccomp` are also used by the parent.
"""
