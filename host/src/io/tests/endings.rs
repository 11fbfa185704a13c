//! How writing can end: well, not at all, or on a full disk. A file has its name only when it is complete.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, panic};

use super::*;
use crate::io::{AudioWriter, Encoding, NpyWriter};

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn begin(path: impl AsRef<Path>) -> AudioWriter {
    let mut writer = AudioWriter::create(path, 48000, 1, Encoding::F32).unwrap();
    writer.write(&[&[0.5; 100_000]]).unwrap();
    writer
}

#[test]
fn a_file_has_its_name_only_when_it_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.wav");
    let writer = begin(&path);
    assert!(!path.exists());
    assert_eq!(names(folder.path()).len(), 1, "it grows beside its place");
    writer.finish().unwrap();
    assert_eq!(names(folder.path()), ["out.wav"]);
    assert_eq!(AudioReader::open(&path).unwrap().spec().frames, Some(100_000));
}

#[test]
fn what_is_not_finished_leaves_nothing_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, array) = (folder.path().join("out.wav"), folder.path().join("out.npy"));
    drop(begin(folder.path().join("new.wav")));
    assert_eq!(names(folder.path()), [""; 0]);

    fs::write(&path, b"the old file").unwrap();
    drop(begin(&path));
    drop(NpyWriter::create(&array, &[4]).unwrap());
    let panicked = panic::catch_unwind(|| {
        let _writer = begin(&path);
        panic::resume_unwind(Box::new("the graph failed"));
    });
    assert!(panicked.is_err());
    assert_eq!((names(folder.path()), fs::read(&path).unwrap()), (vec!["out.wav".into()], b"the old file".into()));

    begin(&path).finish().unwrap();
    assert!(fs::read(&path).unwrap().starts_with(b"RIFF"));
}

#[test]
fn places_that_cannot_be_written_are_refused_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: PathBuf| {
        AudioWriter::create(&path, 48000, 1, Encoding::F32)
            .unwrap_err()
            .to_string()
            .replace(folder.path().to_str().unwrap(), "")
    };
    assert_eq!(refused(folder.path().into()), "`` is a folder; name a file in it");
    let expected = "cannot write `/none/x.wav`: its folder does not exist; make it: mkdir -p /none";
    assert_eq!(refused(folder.path().join("none/x.wav")), expected);
    let locked = folder.path().join("locked.wav");
    fs::write(&locked, b"precious").unwrap();
    let mut permissions = fs::metadata(&locked).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&locked, permissions).unwrap();
    assert_eq!(refused(locked), "`/locked.wav` is write-protected; remove it or choose another name");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    use std::thread;

    use super::*;
    use crate::io::sink::{Place, place, replaceable};

    #[test]
    fn a_file_that_is_replaced_keeps_its_permissions_and_its_links() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("out.wav"), folder.path().join("link.wav"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        fs::write(&path, b"").unwrap();
        let usual = mode(&path);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        begin(&link).finish().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!((mode(&path), fs::metadata(&path).unwrap().len()), (0o640, 400_094));
        begin(folder.path().join("new.wav")).finish().unwrap();
        assert_eq!(mode(&folder.path().join("new.wav")), usual, "a new file has what any new file has");
    }

    /// Tests may run as root, where a wrong decision would replace the system's device. So both checks that keep it are
    /// asked, without writing, before a device is opened here.
    fn device(path: &str) -> &Path {
        let path = Path::new(path);
        assert!(fs::metadata(path).unwrap().file_type().is_char_device(), "{path:?} is no device on this machine");
        assert!(matches!(place(path), Ok(Place::Device)));
        assert!(replaceable(path).is_err());
        path
    }

    #[test]
    fn what_became_a_fifo_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.wav");
        let writer = begin(&path);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let error = writer.finish().unwrap_err().to_string();
        assert!(error.ends_with("what stands under that name is no file"), "{error}");
        assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
        assert_eq!(names(folder.path()), ["out.wav"]);
    }

    #[test]
    fn devices_stay_devices() {
        let null = device("/dev/null");
        assert_eq!(begin(null).finish().unwrap().frames, 100_000);
        let mut writer = NpyWriter::create(null, &[2]).unwrap();
        writer.write(&[0.0; 20]).unwrap();
        assert_eq!(writer.finish().unwrap(), 10);
        assert!(fs::metadata(null).unwrap().file_type().is_char_device());
    }

    #[test]
    fn a_fifo_carries_a_wav_from_writer_to_reader() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let reader = thread::spawn({
            let fifo = fifo.clone();
            move || hear(AudioReader::open(fifo).unwrap(), 1000).unwrap()
        });
        begin(&fifo).finish().unwrap();
        let heard = reader.join().unwrap();
        assert_eq!((heard.samples, heard.spec.frames), (vec![0.5; 100_000], None));
        assert_eq!(heard.warnings, [""; 0]);
        assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
    }

    /// This test starts itself again in a process that may not write files of more than a few kilobytes, which the
    /// system reports as it reports a full disk: in the middle of a write.
    #[test]
    fn a_full_disk_leaves_the_old_file_alone() {
        const INSIDE: &str = "AW_TEST_FULL_DISK";
        if let Some(path) = env::var_os(INSIDE) {
            let mut writer = AudioWriter::create(&path, 48000, 1, Encoding::F32).unwrap();
            let error = (0..100).find_map(|_| writer.write(&[&[0.5; 1000]]).err()).unwrap().to_string();
            assert!(error.contains("a file may not grow that large here"), "{error}");
            assert!(writer.finish().is_err(), "what failed once is not finished");
            let mut writer = NpyWriter::create(&path, &[10]).unwrap();
            assert!((0..100).any(|_| writer.write(&[0.5; 1000]).is_err()));
            // So little that only the end notices.
            let mut writer = AudioWriter::create(&path, 48000, 1, Encoding::F32).unwrap();
            writer.write(&[&[0.5; 14_000]]).unwrap();
            assert!(writer.finish().is_err());
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.wav");
        fs::write(&path, b"the old file").unwrap();
        let test = "io::tests::endings::unix::a_full_disk_leaves_the_old_file_alone";
        let limited = "trap '' XFSZ; ulimit -f 16; exec \"$0\" --exact \"$1\"";
        let output = Command::new("sh")
            .args(["-c", limited])
            .arg(env::current_exe().unwrap())
            .arg(test)
            .env(INSIDE, &path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        assert_eq!((names(folder.path()), fs::read(&path).unwrap()), (vec!["out.wav".into()], b"the old file".into()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_is_said_to_be_full() {
        let mut writer = AudioWriter::create(device("/dev/full"), 48000, 1, Encoding::S16).unwrap();
        let result = writer.write(&[&[0.5; 1000]]).and_then(|()| writer.finish());
        let expected = "cannot write `/dev/full`: the disk is full; free some space or write to another disk";
        assert_eq!(result.unwrap_err().to_string(), expected);
    }
}
