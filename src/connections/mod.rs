//! Connections: as what an organisation is known to a GitHub, and by whose token it asks there.
//!
//! A connection is a GitHub App of the organisation's own, from its making to its installation on one
//! account, or the token of a person where no App can be made. Whoever asks GitHub for the organisation
//! opens one in a transaction by [`Connections`], ends that, and asks by [`Opened::access`].
//!
//! Invariants: secrets are stored sealed and shown nowhere; all that a process asks by one connection
//! shares one budget, until the connection changes; a connection acts for the organisation it is a row
//! of, and no other.

pub mod attempts;
mod making;
mod model;
mod opened;
mod store;
pub mod teams;

pub use making::{
    InvalidGitHub, NewApp, NewToken, add_app, add_token, check_room, forget_installation, host_of,
    is_loopback, set_installed,
};
pub use model::{Connection, ConnectionId, ConnectionKind};
pub use opened::{Connections, Opened, Unusable};
pub use store::{Listed, delete, find_connection, list, set_removed};
