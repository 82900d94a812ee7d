"""The store: participants, events, audit, keys and erasures, in SQLite or PostgreSQL."""
