"""The simulated social-security card: a pure card application, its files, its keys and the slot it is put into."""
