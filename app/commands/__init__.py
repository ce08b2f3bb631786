"""What the commands do; heavy imports stay inside, so that each starts at once."""
