"""Each user's own topics, and the classification of documents into them."""
