"""Django's PostgreSQL with an end to every wait. A database engine of Django's is a package with a module `base`."""
