"""The live stream: every change of a user's documents and account, from whatever replica, resumable on any of them."""
