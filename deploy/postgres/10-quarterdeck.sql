-- The application's login and its database; run once, as the superuser, on a new server:
--
--     QUARTERDECK_DATABASE_PASSWORD=… psql --username postgres --file deploy/postgres/10-quarterdeck.sql
--
-- The login is neither superuser nor BYPASSRLS, since row-level security holds back neither of
-- them. With CREATEROLE it makes the two roles that it works under.
\set ON_ERROR_STOP on
\getenv password QUARTERDECK_DATABASE_PASSWORD
CREATE ROLE quarterdeck LOGIN PASSWORD :'password' NOSUPERUSER NOBYPASSRLS NOCREATEDB CREATEROLE;
CREATE DATABASE quarterdeck OWNER quarterdeck;
\connect quarterdeck
CREATE EXTENSION IF NOT EXISTS vector;
