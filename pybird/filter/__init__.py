"""The filter language: nodes, types, checks, the compiler to Python and its run-time library."""
