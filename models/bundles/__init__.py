"""Sealed bundles and the pointer to the current one."""
