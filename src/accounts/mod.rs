//! People and how they sign in: accounts, sessions, setup links, API tokens.
//!
//! Used by the pages of sign-in and by the command line. Invariant: a secret (session, link, token) is
//! stored only as its hash and shown only once.
