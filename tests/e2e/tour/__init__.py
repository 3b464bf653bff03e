"""The tour: the demo's citizens served on the whole stack, watched and worked from outside the application."""
