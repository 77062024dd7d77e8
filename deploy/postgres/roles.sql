-- Run once by the PostgreSQL image, when its volume is empty. The owner owns the database and migrates; the application's
-- role owns nothing, so that row security and append-only tables bind it. The migrations say what it may do.
\set ON_ERROR_STOP on
\getenv owner_password RECOVERY_OWNER_PASSWORD
\getenv app_password RECOVERY_APP_PASSWORD

CREATE ROLE recovery_owner LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE recovery_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'app_password';
CREATE DATABASE recovery OWNER recovery_owner;
REVOKE ALL ON DATABASE recovery FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE recovery TO recovery_app;
