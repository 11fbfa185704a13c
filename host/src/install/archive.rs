//! Reads files out of a wheel, which is a ZIP archive, or a crate, which is a gzipped tape archive.
use super::{InstallError, Watch, hash};
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use zip::ZipArchive;

/// Copies a file of an archive, of at most `most` bytes; answers its SHA-256. `None`: there is no such file.
pub fn extract(
    archive: &Path,
    member: &str,
    most: u64,
    to: &mut dyn Write,
    watch: &Watch,
) -> Result<Option<String>, InstallError> {
    let unreadable = |why: String| InstallError::Archive { path: archive.into(), why };
    let file = File::open(archive).map_err(|why| InstallError::read(archive, why))?;
    let mut copy = |from: &mut dyn Read| {
        let mut failed = None;
        let step = |_| match watch.go_on() {
            Ok(()) => Ok(()),
            Err(stopped) => {
                failed = Some(stopped);
                Err(io::Error::other("interrupted"))
            }
        };
        // One byte too many is enough to make the sum another, and an archive cannot fill the disk.
        let copied = hash::copy::<io::Error>(&mut from.take(most + 1), to, step);
        match (copied, failed) {
            (_, Some(stopped)) => Err(stopped),
            (Ok((sum, _)), None) => Ok(Some(sum)),
            (Err(why), None) => Err(unreadable(format!("{member}: {why}"))),
        }
    };
    if archive.extension().is_some_and(|ext| ext == "crate") {
        let mut tape = tar::Archive::new(GzDecoder::new(BufReader::new(file)));
        let bad = |why: io::Error| unreadable(format!("it is no crate, or damaged: {why}"));
        for entry in tape.entries().map_err(bad)? {
            let mut entry = entry.map_err(bad)?;
            if entry.path().map_err(bad)? == Path::new(member) {
                return copy(&mut entry);
            }
        }
        return Ok(None);
    }
    let bad = |why: zip::result::ZipError| unreadable(format!("it is no wheel, or damaged: {why}"));
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(bad)?;
    match zip.by_name(member) {
        Ok(mut entry) => copy(&mut entry),
        Err(zip::result::ZipError::FileNotFound) => Ok(None),
        Err(why) => Err(bad(why)),
    }
}
