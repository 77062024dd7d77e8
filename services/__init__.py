"""PostgreSQL and Valkey without a server on the machine, and the supervisor that keeps them and ours running.

Only the standard library, so that everything here can be imported before anything is installed. Not part of the
product: production runs the same product on servers of its own (docker-compose.yml).
"""
