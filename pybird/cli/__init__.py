"""Commands: handlers, renderers, the control session and the interactive shell."""
