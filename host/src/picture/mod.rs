//! Pictures for people: what features and spectra look like over time, as PNG files.
//!
//! ```no_run
//! use aw_host::picture::{Bands, Columns, Heatmap, Picture, PngFile, Reduce};
//!
//! let matrix = vec![0.0f32; 500 * 40]; // frames × bands, row-major
//! let centres = (0..40).map(|band| 100.0 * 1.1f64.powi(band)).collect();
//! let file = PngFile::create("features.png")?;
//! let drawing = Picture::of(Heatmap {
//!     title: "noisy.wav, log-mel".into(),
//!     columns: Columns::of(&matrix, 40, Reduce::Max),
//!     start: 0.0,
//!     seconds_per_frame: 0.01,
//!     bands: Bands::Centres(centres),
//!     unit: "ln".into(),
//!     range: None,
//! })
//! .draw()?;
//! file.finish(&drawing)?;
//! # Ok::<(), aw_host::picture::PictureError>(())
//! ```
//!
//! Frames go into [`Columns`], which bounds their number; `ticks` and `axis` say what stands at the edges, `colour`
//! what a value looks like, `draw` puts it all on a `canvas`. [`Spectrogram`] makes the frames of `aw spectrogram`.

mod axis;
mod canvas;
mod colour;
mod columns;
mod draw;
mod error;
mod png_file;
mod spectrogram;
mod ticks;
mod window;

#[cfg(test)]
mod tests;

pub use axis::Bands;
pub use canvas::Area;
pub use columns::{Columns, Reduce};
pub use draw::{Drawing, Heatmap, Picture};
pub use error::PictureError;
pub use png_file::PngFile;
pub use spectrogram::{Level, Shape, Spectrogram, Spectrum};
pub use window::Window;
