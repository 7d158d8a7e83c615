"""What people ask the read model: one module a question, for SQLite and PostgreSQL alike."""
