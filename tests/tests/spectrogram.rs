//! What `aw spectrogram` draws, says and refuses.
#![allow(clippy::unwrap_used)] // helpers of tests, too

use aw_host::io::{AudioWriter, Encoding};
use aw_tests::{aw, file, run, stderr, stdout};
use std::f32::consts::TAU;
use std::path::PathBuf;
use std::process::Output;
use tempfile::TempDir;

/// A folder with sound; commands run in it.
struct Room(TempDir);

impl Room {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn sound(&self, name: &str, rate: u32, planes: &[Vec<f32>]) {
        let mut writer = AudioWriter::create(self.path(name), rate, planes.len(), Encoding::F32).unwrap();
        writer.write(&planes.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        writer.finish().unwrap();
    }

    fn draw(&self, args: &str) -> Output {
        aw().current_dir(self.0.path()).arg("spectrogram").args(args.split(' ')).output().unwrap()
    }

    fn names(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The size of a picture, all of which decodes.
    fn size(&self, name: &str) -> (u32, u32) {
        let file = std::io::BufReader::new(std::fs::File::open(self.path(name)).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let about = reader.next_frame(&mut pixels).unwrap();
        (about.width, about.height)
    }
}

fn sine(hz: f32, peak: f32, frames: usize) -> Vec<f32> {
    (0..frames).map(|t| peak * (TAU * hz * t as f32 / 16000.0).sin()).collect()
}

#[test]
fn the_help_tells_what_there_is() {
    let help = stdout(&run(["spectrogram", "--help"])).replace(std::env::consts::EXE_SUFFIX, "");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("spectrogram_help", help);
    });
}

#[test]
fn a_picture_lies_where_you_are_and_a_line_says_what_it_shows() {
    let room = Room::new();
    std::fs::create_dir(room.path("sub")).unwrap();
    std::fs::copy(file("tests/wav/noisy.wav"), room.path("sub/noisy.wav")).unwrap();
    let output = room.draw("sub/noisy.wav");
    assert_eq!((stderr(&output), output.status.code()), (String::new(), Some(0)));
    assert_eq!(
        stdout(&output),
        "noisy.png: 1358 × 603 pixels; 10.000 s, 16000 Hz, mono; loudest -17.8 dB at 8.680 s and 344 Hz, \
         quietest -137.3 dB\n"
    );
    assert_eq!(room.names(), ["noisy.png", "sub"]);
    assert_eq!(room.size("noisy.png"), (1358, 603));
}

#[test]
fn a_second_picture_replaces_the_first_and_has_the_size_asked_for() {
    let room = Room::new();
    room.sound("tone.wav", 16000, &[sine(1000.0, 0.5, 16000)]);
    room.draw("tone.wav");
    let output = room.draw("tone.wav --width 500 --height 400 --mel 40 --max-hz 4000 --window blackman --range 60");
    assert_eq!((stderr(&output), output.status.code()), (String::new(), Some(0)));
    assert_eq!((room.size("tone.png"), room.names().len()), ((500, 400), 2));
    let said = stdout(&room.draw("tone.wav"));
    assert!(said.contains("1.000 s, 16000 Hz, mono; loudest -6.0 dB at ") && said.contains(" and 1000 Hz"), "{said}");
}

#[test]
fn one_sample_has_a_picture_and_none_has_not() {
    let room = Room::new();
    room.sound("one.wav", 16000, &[vec![0.25]]);
    let output = room.draw("one.wav");
    assert_eq!((stderr(&output), output.status.code()), (String::new(), Some(0)));
    assert!(room.size("one.png").0 > 300);
    room.sound("none.wav", 16000, &[vec![]]);
    let output = room.draw("none.wav");
    assert!(stderr(&output).ends_with("error: none.wav holds no sound: there is nothing to draw\n"));
    assert_eq!((output.status.code(), room.path("none.png").exists()), (Some(1), false));
}

#[test]
fn up_to_four_channels_have_a_panel_each_and_eight_are_mixed() {
    let room = Room::new();
    let loud_in_the_third = |channels: usize| -> Vec<Vec<f32>> {
        (0..channels).map(|at| sine(2000.0, if at == 2 { 0.8 } else { 0.0 }, 8000)).collect()
    };
    room.sound("four.wav", 16000, &loud_in_the_third(4));
    room.sound("eight.wav", 16000, &loud_in_the_third(8));
    let said = stdout(&room.draw("four.wav"));
    assert!(said.contains("4 channels; loudest -1.9 dB") && said.contains(" and 2000 Hz in channel 3,"), "{said}");
    assert!(said.ends_with("quietest -200.0 dB or less\n"), "{said}");
    // The mean of eight is 18.06 dB below.
    let said = stdout(&room.draw("eight.wav"));
    assert!(said.contains("8 channels; loudest -20.0 dB"), "{said}");
    assert!(room.size("four.png").1 > 900 && room.size("eight.png").1 < 700);
    assert!(stdout(&room.draw("eight.wav --channel 3")).contains("loudest -1.9 dB"));
    assert!(stdout(&room.draw("eight.wav --channel 1")).contains("loudest -200.0 dB"));
    assert!(stdout(&room.draw("four.wav --channel mix")).contains("loudest -14.0 dB"));
}

#[test]
fn samples_that_are_no_numbers_are_said_and_drawn_as_silence() {
    let room = Room::new();
    let mut sound = sine(1000.0, 0.5, 16000);
    (sound[8000], sound[9000]) = (f32::NAN, f32::INFINITY);
    room.sound("nan.wav", 16000, &[sound]);
    let output = room.draw("nan.wav");
    assert_eq!(stderr(&output), "warning: `nan.wav` has 2 samples that are NaN or infinite; they are read as 0\n");
    assert!(stdout(&output).contains("loudest -6.0 dB"), "{}", stdout(&output));
    assert!(room.size("nan.png").0 > 300);
}

#[test]
fn what_cannot_be_drawn_is_refused_and_leaves_nothing() {
    let room = Room::new();
    room.sound("tone.wav", 16000, &[sine(1000.0, 0.5, 1600)]);
    std::fs::copy(room.path("tone.wav"), room.path("wrong.png")).unwrap();
    let cases = [
        (1, "there.wav", "there is no file `"),
        (2, "tone.wav --size 1023", "`size` is 1023: it takes an even number of samples, such as 1024"),
        (
            2,
            "tone.wav --size 128 --hop 256",
            "`hop` is 256: it takes 1 to 128 samples, the `size`, or sound would be left out",
        ),
        (2, "tone.wav --max-hz 9000", "`max-hz` is 9000: a file of 16000 Hz holds more than 0 and up to 8000 Hz"),
        (2, "tone.wav --out a.jpg", "`out` is a.jpg: pictures are PNG files; call it a.png"),
        (1, "tone.wav --out no/a.png", "cannot write `no/a.png`: its folder does not exist; make it: mkdir -p no"),
        (2, "tone.wav --channel 2", "`channel` is 2: this file has one channel, 1"),
        (2, "wrong.png", "`out` is wrong.png, the file to be read: name another"),
        (2, "-", "standard input has no name to call the picture by: say --out FILE.png"),
        (2, "tone.wav --width 100", "`width` 100 has no room for a panel: 208 has"),
        (2, "tone.wav --height 100", "`height` 100 has no room for a panel: 172 has"),
    ];
    for (code, args, said) in cases {
        let output = room.draw(args);
        assert!(stderr(&output).starts_with(&format!("error: {said}")), "{args}: {}", stderr(&output));
        assert_eq!((output.status.code(), stdout(&output)), (Some(code), String::new()), "{args}");
    }
    assert_eq!(room.names(), ["tone.wav", "wrong.png"]);
    for args in ["tone.wav --hop 0", "tone.wav --window kaiser", "tone.wav --range 0", "tone.wav --mel 0"] {
        assert_eq!(room.draw(args).status.code(), Some(2), "{args}");
    }
}
