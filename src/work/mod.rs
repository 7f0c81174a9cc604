//! Projects, tasks and commits of the connected repositories, and the job that scans them.
//!
//! Invariant: a repository shows either its previous whole scan or its next whole scan, never a part.
