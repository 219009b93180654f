"""Kubernetes: manifests, and what holds them to the code."""
