//! What is to be read anew when it changes.
use crate::workers::all;
use aw_host::graph::GraphFile;
use std::path::{Path, PathBuf};

fn files(text: &str) -> Vec<PathBuf> {
    GraphFile::parse(Path::new("/graphs/g.toml"), text.into()).0.files(&all()).into_iter().collect()
}

fn of(names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(|name| Path::new("/graphs").join(name)).collect()
}

const HEAD: &str = "[graph]\nrate = 16000\n[input.mic]\nwav = \"in.wav\"\n[node.g]\nworker = \"gain\"\nin = \"mic\"\n";

#[test]
fn a_graph_is_made_of_the_files_that_it_names() {
    assert_eq!(files(HEAD), of(&["g.toml", "in.wav"]));
    assert_eq!(files(&format!("{HEAD}room.file = \"../hall.wav\"\n")), of(&["../hall.wav", "g.toml", "in.wav"]));
    assert_eq!(files(&format!("{HEAD}room = {{ file = \"/rooms/hall.wav\" }}\n")).len(), 3);
}

#[test]
fn a_graph_that_is_wrong_is_watched_all_the_same() {
    let wrong = format!("{HEAD}sise = 3\nroom.file = \"not-there-yet.wav\"\n[node.h]\nworker = \"nobody\"\nsize = \n");
    assert_eq!(files(&wrong), of(&["g.toml", "in.wav", "not-there-yet.wav"]));
}

#[test]
fn its_workers_come_from_libraries() {
    let (file, _) = GraphFile::parse(Path::new("g.toml"), HEAD.into());
    assert_eq!(file.libraries(&all()).into_iter().collect::<Vec<_>>(), [Path::new("workers.rs")]);
}
