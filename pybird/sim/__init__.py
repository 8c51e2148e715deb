"""The simulated world: virtual time, links, TCP, kernels. One seed determines all of it."""
