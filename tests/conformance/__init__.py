"""Does a router do what docs/autopeer-spec.md says? `python -m tests.conformance [DEVICE...]`.

A device is a daemon in a namespace; the tester in another one sends and reads raw packets and
speaks BGP as a case says, so nothing is asked of the device but what is on the wire and in its
kernel's tables. `cases.py` has a function for each requirement, `devices.py` the daemons and
their configurations. The command keeps its results in `results.json` and writes the table of
docs/interop.md from them; pytest runs the cases against PyBIRD.
"""
