"""From bird.conf text to a frozen Config, and errors that say where and why."""
