"""Vocabulary shared by the terminal and the central system: pure values and encodings, no I/O."""
