"""PostgreSQL and Valkey without a server on the machine, and the supervisor that keeps them and ours running.

Standard library only (psycopg where a database is asked), so that everything here can be imported before anything
is installed. Not part of the product, which runs on servers of its own in production (docker-compose.yml).
"""
