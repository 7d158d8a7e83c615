"""The peers: the same job in other engines. Each module here is a program of its own, run in the peers' environment."""
