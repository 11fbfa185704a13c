//! The file of a Unix socket.
use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

fn start(path: &Path) -> Result<Remote, RemoteError> {
    Remote::start(&Options { control: vec![Control::Unix(path.into())], ..Options::default() })
}

#[test]
fn the_socket_is_its_users_alone_and_gone_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aw.sock");
    let mut remote = start(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left there");
    assert_eq!(remote.places(), [path.display().to_string()]);

    let mut script = UnixStream::connect(&path).unwrap();
    script.set_read_timeout(Some(FOREVER)).unwrap();
    script.write_all(b"{\"id\":1,\"do\":\"save\",\"path\":\"/anywhere/at.all\"}\n").unwrap();
    let save = asked(&mut remote);
    assert_eq!(save.act, Act::Save("/anywhere/at.all".into()));
    save.answer.give(Ok(String::new()));
    let mut line = String::new();
    BufReader::new(script).read_line(&mut line).unwrap();
    assert_eq!(line, "{\"id\":1,\"ok\":true}\n");

    drop(remote);
    assert!(!path.exists());
}

#[test]
fn one_that_lives_is_left_alone_and_one_that_is_dead_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aw.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "as a process leaves it that was killed");
    let first = start(&path).unwrap();
    let second = start(&path).err().unwrap();
    assert!(matches!(second, RemoteError::Living(_)), "{second}");
    assert!(UnixStream::connect(&path).is_ok(), "the first is still there");
    drop(first);

    fs::write(&path, "a letter").unwrap();
    let refused = start(&path).err().unwrap();
    assert!(matches!(refused, RemoteError::Other(_)), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "a letter");
}

#[test]
fn a_socket_that_another_has_put_in_its_place_is_not_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aw.sock");
    let remote = start(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    drop(remote);
    assert!(path.exists());
}

#[test]
fn no_folder_and_a_name_that_is_too_long_are_told() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("no/aw.sock"), folder.path().join("x".repeat(200))] {
        let why = start(&path).err().unwrap().to_string();
        assert!(why.contains("cannot make the socket"), "{why}");
    }
}
