"""Dead letters: finding them, showing them, and putting back or discarding what they hold."""
