"""Allocations of seats as jobs: who runs them, and how."""
