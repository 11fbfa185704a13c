//! Audio workers.
