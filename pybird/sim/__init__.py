"""The simulated world: virtual time, links, TCP, kernels; everything from one seed."""
