"""The first processes of the servers' images: copied into them, and imported by nothing."""
