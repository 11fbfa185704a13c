//! Where workers are found, and what `aw workers` says of them.
#![allow(clippy::unwrap_used)]

mod cc;

use aw_tests::{built, stderr, stdout};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A place where `aw` is installed, with no workers around it: `bin/aw` and `lib/aw`.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        std::fs::create_dir_all(place.path().join("bin")).unwrap();
        std::fs::create_dir_all(place.path().join("lib/aw")).unwrap();
        let aw = format!("aw{}", std::env::consts::EXE_SUFFIX);
        // A link and no copy: a file that is being written, in another thread that just forks, cannot be run.
        std::fs::hard_link(built().join(&aw), place.path().join("bin").join(&aw)).unwrap();
        Self(place)
    }

    fn at(&self, path: &str) -> PathBuf {
        let path = self.0.path().canonicalize().unwrap().join(path);
        if path.extension().is_none() {
            std::fs::create_dir_all(&path).unwrap();
        }
        path
    }

    fn aw(&self) -> Command {
        let mut aw = Command::new(self.0.path().join("bin/aw"));
        aw.env_remove("AW_WORKERS").env("NO_COLOR", "1").current_dir(self.0.path());
        aw
    }

    fn workers(&self, args: &[&Path]) -> Output {
        let args = args.iter().flat_map(|dir| [Path::new("--workers"), dir]);
        self.aw().arg("workers").args(args).output().unwrap()
    }
}

/// Ids in a listing, in order.
fn ids(output: &Output) -> Vec<String> {
    let said = stdout(output);
    said.lines().filter_map(|line| Some(line.split_once(" — ")?.0.to_string())).collect()
}

fn named(folder: &Path, name: &str) -> PathBuf {
    folder.join(name).with_extension(std::env::consts::DLL_EXTENSION)
}

#[test]
fn workers_are_found_where_the_user_says_and_where_aw_is_installed() {
    let place = Place::new();
    cc::called(&place.at("mine"), "x", "by_option");
    cc::called(&place.at("second"), "x", "by_second_option");
    cc::called(&place.at("env"), "x", "by_environment");
    cc::called(&place.at("env2"), "x", "by_environment_too");
    cc::called(&place.at("bin"), "aw_x", "beside");
    cc::called(&place.at("lib/aw"), "libaw_x", "installed");
    cc::called(&place.at("bin"), "other", "not_ours");

    assert_eq!(ids(&place.workers(&[])), ["beside", "installed"]);
    let (mine, second) = (place.at("mine"), place.at("second"));
    assert_eq!(ids(&place.workers(&[&mine, &second])), ["beside", "by_option", "by_second_option", "installed"]);
    let both = std::env::join_paths([place.at("env"), place.at("env2")]).unwrap();
    let output = place.aw().arg("workers").env("AW_WORKERS", both).output().unwrap();
    assert_eq!(ids(&output), ["beside", "by_environment", "by_environment_too", "installed"]);
    // Run through a link, as from /usr/local/bin, it finds what lies around the true file.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(place.at("bin").join("aw"), place.at("elsewhere").join("aw")).unwrap();
        let output = Command::new(place.at("elsewhere").join("aw")).arg("workers").env_remove("AW_WORKERS").output();
        assert_eq!(ids(&output.unwrap()), ["beside", "installed"]);
    }
}

#[test]
fn two_workers_of_one_id_are_an_error_that_names_both_files() {
    let place = Place::new();
    let (a, b) = (place.at("a"), place.at("b"));
    let first = cc::called(&a, "one", "victim");
    let second = cc::called(&b, "two", "victim");
    let output = place.workers(&[&a, &b]);
    assert_eq!(output.status.code(), Some(1));
    let expected = format!(
        "error: two workers are called `victim`: in {} and in {}; remove one of the files\n",
        first.display(),
        second.display()
    );
    assert_eq!(stderr(&output), expected);
}

#[test]
#[cfg(unix)]
fn one_library_by_two_names_is_one_library() {
    let place = Place::new();
    let (a, b) = (place.at("a"), place.at("b"));
    let library = cc::called(&a, "one", "victim");
    std::os::unix::fs::symlink(&library, named(&a, "again")).unwrap();
    std::os::unix::fs::symlink(&library, named(&b, "elsewhere")).unwrap();
    for folders in [vec![a.as_path()], vec![&a, &b], vec![&a, &a], vec![&b]] {
        let output = place.workers(&folders);
        assert_eq!((ids(&output), stderr(&output)), (vec!["victim".to_string()], String::new()), "{folders:?}");
    }
}

#[test]
fn what_is_no_folder_or_no_library_is_said() {
    let place = Place::new();
    let output = place.workers(&[&place.at("bin").join("no/such/folder")]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.starts_with("error: cannot look for workers in ") && said.contains("no/such/folder: No such file"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1);

    let fake = place.at("fake");
    std::fs::write(named(&fake, "fake"), "this is text").unwrap();
    let output = place.workers(&[&fake]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.starts_with(&format!("error: cannot load {}: ", named(&fake, "fake").display())), "{said}");

    // Other files do no harm, nor does a link whose library has gone.
    let mixed = place.at("mixed");
    cc::called(&mixed, "good", "good");
    std::fs::write(mixed.join("README.md"), "hello").unwrap();
    std::fs::create_dir(mixed.join("folder")).unwrap();
    let output = place.workers(&[&mixed]);
    assert_eq!((ids(&output), stderr(&output)), (vec!["good".to_string()], String::new()));
}

#[test]
#[cfg(unix)]
fn a_link_whose_library_has_gone_is_said_with_its_name() {
    let place = Place::new();
    let folder = place.at("links");
    std::os::unix::fs::symlink("gone.so", named(&folder, "link")).unwrap();
    cc::called(&folder, "good", "good");
    let output = place.workers(&[&folder]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&named(&folder, "link").display().to_string()), "{said}");
}

#[test]
fn no_workers_at_all_is_said_with_the_way_out() {
    let place = Place::new();
    let output = place.workers(&[]);
    assert_eq!(output.status.code(), Some(0));
    let said = stderr(&output);
    assert!(said.contains("no workers were found in ") && said.contains("lib/aw"), "{said}");
    assert!(said.contains("--workers DIR") && said.contains("$AW_WORKERS"), "{said}");
}

#[test]
fn the_listing_and_its_json_say_all_a_graph_author_needs() {
    let place = Place::new();
    let folder = place.at("mine");
    let library = cc::library(&aw_tests::file("tests/workers/smooth.c"), &folder, "smooth");
    let text = stdout(&place.workers(&[&folder]));
    let expected = "\
smooth — A low-pass with one pole
  in  in           audio
  out out          audio
  parameters
    cutoff           float, 1 to 96000 Hz, default 1000, live
                     Half the power gets through here
";
    assert_eq!(text.lines().map(str::trim_end).collect::<Vec<_>>(), expected.lines().collect::<Vec<_>>());

    let output = place.aw().args(["workers", "smooth", "--json", "--workers"]).arg(&folder).output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = serde_json::json!([{
        "id": "smooth", "summary": "A low-pass with one pole", "may_block": false, "library": library,
        "ports": [
            { "name": "in", "dir": "in", "kind": "audio", "optional": false, "many": false, "doc": "" },
            { "name": "out", "dir": "out", "kind": "audio", "optional": false, "many": false, "doc": "" },
        ],
        "params": [{
            "name": "cutoff", "type": "float", "unit": "Hz", "doc": "Half the power gets through here",
            "default": 1000.0, "min": 1.0, "max": 96000.0, "choices": [], "live": true, "required": false, "same_work": true,
        }],
        "presets": [],
    }]);
    assert_eq!(json, expected);

    let output = place.aw().args(["workers", "smoth", "--workers"]).arg(&folder).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("no worker is called `smoth`") && stderr(&output).contains("did you mean `smooth`?")
    );
}
