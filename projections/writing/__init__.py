"""The read model kept up row by row: what a stretch of the topics changes, in one transaction, in any database."""
