"""Follow-ups: what is planned with contacts, what is due, missed and done, and who is to be reminded."""
