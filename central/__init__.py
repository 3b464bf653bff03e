"""Reference central system: stores what terminals did, judges it, and answers the questions of a journey."""
