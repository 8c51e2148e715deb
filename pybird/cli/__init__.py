"""The control plane: commands, their replies as text, JSON or tables, and the control session."""
