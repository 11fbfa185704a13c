//! A folder for what is not yet where it belongs; gone when it is dropped, and by Ctrl-C.
use super::AudioError;
use super::under_way::UnderWay;
use std::path::Path;
use tempfile::{Builder, TempDir};

/// A folder beside an output, for parts that become one file at the end.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    _listed: UnderWay,
}

impl Scratch {
    /// Makes a folder on the disk that `output` will be on.
    ///
    /// # Errors
    /// No folder can be made there.
    pub fn beside(output: &Path) -> Result<Self, AudioError> {
        let parent = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let made = Builder::new().prefix(".aw-").suffix(".parts").tempdir_in(parent);
        let cannot = |source: std::io::Error| AudioError::Create { path: output.into(), source: source.kind().into() };
        let folder = made.map_err(cannot)?;
        let listed = UnderWay::new(folder.path().to_path_buf());
        Ok(Self { folder, _listed: listed })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}
