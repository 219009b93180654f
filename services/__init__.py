"""The services: each imports contracts and the chassis, never another service."""
