"""Documents: presigned URLs, confirm, list, get, delete, classify; the HTTP API of clients."""
