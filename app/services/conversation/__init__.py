"""A shopper's message in; an answer, an act or a hand-over out."""
