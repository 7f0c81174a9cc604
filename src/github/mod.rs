//! GitHub: where it is, how people sign in by it, and what it says of them.
//!
//! The only module that speaks to GitHub, and it knows neither tenants nor SQL: `accounts` signs
//! people in by it, and what reads repositories and deliveries will ask through it. 
//!
//! Invariants: no token and no secret is in a log, an error or a `Debug`; where GitHub is follows
//! from configuration (`Hosts`) alone, and no redirect leads elsewhere; every call ends within the
//! time and the size of `Limits`; none is made inside a transaction.
