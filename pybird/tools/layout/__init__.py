"""The canonical layout of a configuration: pieces of text, statements, lines."""
