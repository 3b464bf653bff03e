"""The stand: the whole terminal with its surroundings on one machine, for people, for the bench and for the tour."""
