//! The ways in which editors, compilers and people save files, in a time of our own.
use super::*;
use std::io::Write;
use tempfile::TempDir;

struct Story {
    folder: TempDir,
    files: Files,
    now: Instant,
}

impl Story {
    /// A file with a content, watched.
    fn begin() -> Self {
        let mut story = Self { folder: tempfile::tempdir().unwrap(), files: Files::default(), now: Instant::now() };
        fs::write(story.file("graph.toml"), "one").unwrap();
        story.watch("graph.toml");
        assert_eq!(story.after(1000), 0, "what is there is no change");
        story
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn watch(&mut self, name: &str) {
        let path = self.file(name);
        self.files.set(vec![(path.clone(), Stamp::of(&path))], self.now);
    }

    /// How many changes are told in so many milliseconds from now.
    fn after(&mut self, ms: u64) -> usize {
        let mut told = 0;
        for _ in 0..ms / 10 {
            self.now += Duration::from_millis(10);
            told += self.files.look(self.now).len();
        }
        told
    }
}

#[test]
fn written_in_place() {
    let mut story = Story::begin();
    fs::write(story.file("graph.toml"), "two").unwrap();
    assert_eq!(story.after(50), 0, "not at rest yet");
    assert_eq!(story.after(1000), 1);
    assert_eq!(story.after(5000), 0, "told once");
}

#[test]
fn half_of_it_and_then_the_rest() {
    let mut story = Story::begin();
    let mut file = File::create(story.file("graph.toml")).unwrap();
    for part in ["half ", "of it ", "and the rest"] {
        file.write_all(part.as_bytes()).unwrap();
        assert_eq!(story.after(80), 0, "still being written");
    }
    assert_eq!(story.after(1000), 1);
}

#[test]
fn renamed_over() {
    let mut story = Story::begin();
    for text in ["two", "six"] {
        fs::write(story.file(".graph.toml.swp"), text).unwrap();
        fs::rename(story.file(".graph.toml.swp"), story.file("graph.toml")).unwrap();
        assert_eq!(story.after(1000), 1);
    }
}

#[test]
fn deleted_and_made_anew() {
    let mut story = Story::begin();
    fs::rename(story.file("graph.toml"), story.file("graph.toml~")).unwrap();
    assert_eq!(story.after(1000), 0, "nothing to read");
    fs::write(story.file("graph.toml"), "two").unwrap();
    assert_eq!(story.after(1000), 1);
    fs::remove_file(story.file("graph.toml")).unwrap();
    assert_eq!(story.after(1000), 0);
    fs::write(story.file("graph.toml"), "two").unwrap();
    assert_eq!(story.after(1000), 0, "the same again");
}

#[test]
fn touched_or_saved_as_it_is() {
    let mut story = Story::begin();
    let touch = |story: &Story, seconds| {
        let file = File::options().write(true).open(story.file("graph.toml")).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
    };
    touch(&story, 1_000_000_000);
    assert_eq!(story.after(1000), 0);
    fs::write(story.file("graph.toml"), "one").unwrap();
    assert_eq!(story.after(1000), 0);
    fs::write(story.file("graph.toml"), "and back").unwrap();
    story.after(50);
    fs::write(story.file("graph.toml"), "one").unwrap();
    assert_eq!(story.after(1000), 0, "undone before anybody read it");
}

#[test]
fn another_content_with_the_time_and_length_of_the_old_one() {
    let mut story = Story::begin();
    let before = fs::metadata(story.file("graph.toml")).unwrap().modified().unwrap();
    fs::write(story.file("graph.toml"), "two").unwrap();
    File::options().write(true).open(story.file("graph.toml")).unwrap().set_modified(before).unwrap();
    assert_eq!(story.after(5000), 1);
}

#[test]
fn written_again_within_a_tick_of_a_coarse_clock() {
    let mut story = Story::begin();
    fs::write(story.file("graph.toml"), "two").unwrap();
    assert_eq!(story.after(200), 1);
    fs::write(story.file("graph.toml"), "six").unwrap();
    // As it would be on a file system that counts in steps of two seconds.
    let file = &mut story.files.0[0];
    (file.stamp, file.of) = (Stamp::of(&file.path), Stamp::of(&file.path));
    assert_eq!(story.after(1000), 0);
    assert_eq!(story.after(3000), 1, "read once more when its time is past");
    assert!(story.files.0[0].again.is_none(), "and not for ever");
}

#[cfg(unix)]
#[test]
fn a_link_that_is_switched() {
    use std::os::unix::fs::symlink;
    let mut story = Story::begin();
    fs::write(story.file("model-2.onnx"), "two").unwrap();
    symlink("graph.toml", story.file("model.onnx")).unwrap();
    story.watch("model.onnx");
    assert_eq!(story.after(1000), 0);
    symlink("model-2.onnx", story.file("next")).unwrap();
    fs::rename(story.file("next"), story.file("model.onnx")).unwrap();
    assert_eq!(story.after(1000), 1);
    fs::write(story.file("model-2.onnx"), "three").unwrap();
    assert_eq!(story.after(1000), 1, "the file behind the link");
}

#[test]
fn what_is_missing_is_told_when_it_comes() {
    let mut story = Story::begin();
    story.watch("model.onnx");
    assert_eq!(story.after(1000), 0);
    fs::write(story.file("model.onnx"), "weights").unwrap();
    assert_eq!(story.after(1000), 1);
}

#[test]
fn a_change_before_the_first_look_and_one_across_a_new_list_are_not_lost() {
    let mut story = Story::begin();
    fs::write(story.file("other.toml"), "one").unwrap();
    story.watch("other.toml");
    fs::write(story.file("other.toml"), "other").unwrap();
    assert_eq!(story.after(1000), 1);
    fs::write(story.file("other.toml"), "another").unwrap();
    story.watch("other.toml");
    assert_eq!(story.after(1000), 1);
}

#[test]
fn a_folder_in_its_place_is_no_file() {
    let mut story = Story::begin();
    fs::remove_file(story.file("graph.toml")).unwrap();
    fs::create_dir(story.file("graph.toml")).unwrap();
    assert_eq!(story.after(1000), 0);
}

#[test]
fn the_thread_tells_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph.toml");
    fs::write(&file, "one").unwrap();
    let mut watch = Watch::new([file.clone()]).unwrap();
    fs::write(&file, "other").unwrap();
    let told = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(10));
        watch.changed()
    });
    assert_eq!(told.take(3000).find(|told| !told.is_empty()), Some(vec![file]));
}

#[test]
fn what_is_gone_is_missed_once_and_its_return_is_told() {
    let mut story = Story::begin();
    let comes = |story: &mut Story, ms| {
        story.after(ms);
        let there = story.files.there(story.now);
        there.into_iter().map(|(_, there)| there).collect::<Vec<_>>()
    };
    fs::remove_file(story.file("graph.toml")).unwrap();
    assert_eq!(comes(&mut story, 300), Vec::<bool>::new(), "an editor may be saving it");
    assert_eq!(comes(&mut story, 300), [false]);
    assert_eq!(comes(&mut story, 5000), Vec::<bool>::new());
    fs::write(story.file("graph.toml"), "one").unwrap();
    assert_eq!(comes(&mut story, 300), [true]);
    assert_eq!(comes(&mut story, 300), Vec::<bool>::new());
    // What a graph names and is not there yet is not missed.
    story.watch("later.onnx");
    assert_eq!(comes(&mut story, 1000), Vec::<bool>::new());
}
