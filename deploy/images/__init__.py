"""The images of the stack, and what builds them."""
