"""What is held of a person: where it is, how it is handed out, how it is erased."""
