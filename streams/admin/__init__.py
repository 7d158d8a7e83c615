"""What people do to Kafka by hand: make its topics, fill them from files, and look through the dead letters."""
