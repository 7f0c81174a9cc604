//! What protects the server and its people from the network: origins, headers, limits, bodies.

mod headers;
mod limits;
mod origins;
mod sockets;
