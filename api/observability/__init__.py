"""Metrics, logs, traces, and the audit's writer."""
