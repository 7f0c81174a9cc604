//! What the code says: walks a commit's tree, reads each blob once into facts, and lets detectors
//! turn facts into projects, tasks, TODOs and languages.
//!
//! Pure reading: it writes nothing and knows no tenant; `work` stores what it returns. Invariant:
//! nothing a repository contains makes a scan fail or run code; what cannot be read is a warning.
