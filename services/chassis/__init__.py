"""The microservice chassis: what every service stands on, and nothing that knows one of them."""
