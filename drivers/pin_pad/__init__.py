"""PIN pads: one driver; for each dialect a module that says what is asked, and one for its words on the wire."""
