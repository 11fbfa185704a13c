//! Why there are no features.
use std::path::PathBuf;

/// Why features cannot be computed, of all sounds.
#[derive(Debug, thiserror::Error)]
pub enum FeaturesError {
    /// The call does not fit the workers, the graph or itself.
    #[error("{what}{}", hint.as_ref().map_or(String::new(), |hint| format!("\n  {hint}")))]
    Call {
        /// What is wrong.
        what: String,
        /// What may have been meant, or what there is.
        hint: Option<String>,
    },
    /// A folder or file cannot be looked at.
    #[error("cannot look into {}: {why}", path.display())]
    Look {
        /// The folder or file.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
    /// What is there was made otherwise.
    #[error("{what}; name another folder, or replace what is there with --force")]
    Other {
        /// What is different.
        what: String,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] crate::io::AudioError),
}

impl FeaturesError {
    /// A call that does not fit.
    pub(super) fn call(what: impl Into<String>, hint: Option<String>) -> Self {
        Self::Call { what: what.into(), hint }
    }
}
