"""How fast the hot paths are, held against a yardstick that does the same work in the same run."""
