"""The terminal's application."""
