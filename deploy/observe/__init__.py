"""Seeing inside: Prometheus on a stack, rules, alerts and dashboards, all of them code."""
