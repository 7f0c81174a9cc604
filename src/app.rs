//! The composition root: builds the server from its configuration and wires the modules together.
