//! Why there is no picture.
use crate::io::AudioError;

/// What keeps a picture from being drawn or written.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The call asks for what cannot be; the text names the parameter and the way out.
    #[error("{0}")]
    Shape(String),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] AudioError),
    /// The picture does not become a file.
    #[error("cannot encode the picture: {0}")]
    Png(#[from] png::EncodingError),
}
