"""`make k8s`: the manifests, held to the schemas of all that reads them, and applied to a real API server."""
