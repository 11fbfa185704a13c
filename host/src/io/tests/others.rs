//! Files that other programs wrote (`tests/wav/make.py`), against the samples that libsndfile reads from them; and files
//! that are not read, by their first bytes.

use std::fs;
use std::io::{Error, ErrorKind};

use super::*;
use crate::io::same_file;
use crate::io::sniff::{Kind, kind};

#[test]
fn files_of_other_programs_hold_the_samples_that_libsndfile_reads() {
    for name in OTHERS {
        let golden = fs::read(fixture(&format!("{name}.f32"))).unwrap();
        let golden: Vec<f32> = golden.as_chunks().0.iter().map(|&four| f32::from_le_bytes(four)).collect();
        let channels = golden.len() / 300;
        for block in [1, 7, 300, 4096] {
            let heard = hear(AudioReader::open(fixture(name)).unwrap(), block).unwrap();
            assert_eq!(heard.samples, golden, "{name}");
            assert_eq!((heard.spec.rate, heard.spec.channels), (48000, channels), "{name}");
            assert_eq!(heard.warnings, [""; 0], "{name}");
        }
    }
}

#[test]
fn their_encodings_have_the_names_people_use() {
    let text = |name| {
        let spec = AudioReader::open(fixture(name)).unwrap().spec().clone();
        format!("{} Hz, {} channels, {:?} frames, {}", spec.rate, spec.channels, spec.frames, spec.encoding)
    };
    assert_eq!(text("ffmpeg_s24_extensible.wav"), "48000 Hz, 6 channels, Some(300) frames, PCM 24 bit");
    assert_eq!(text("ffmpeg_f32_rf64.wav"), "48000 Hz, 2 channels, Some(300) frames, float 32 bit");
    assert_eq!(text("ffmpeg_s16.flac"), "48000 Hz, 2 channels, Some(300) frames, FLAC 16 bit");
    assert_eq!(text("flac_s24_pipe.flac"), "48000 Hz, 6 channels, None frames, FLAC 24 bit");
    assert_eq!(text("noisy.wav"), "16000 Hz, 1 channels, Some(160000) frames, PCM 16 bit");
    assert_eq!(text("clean.wav"), "16000 Hz, 1 channels, Some(160000) frames, PCM 16 bit");
}

#[test]
fn a_flac_file_that_was_cut_off_or_hit_is_read_up_to_there() {
    let bytes = fs::read(fixture("flac_s24_pipe.flac")).unwrap();
    let whole = hear_both(&bytes).samples;

    let heard = hear_both(&bytes[..bytes.len() / 2]);
    assert!(!heard.samples.is_empty() && whole.starts_with(&heard.samples));

    let mut hit = bytes.clone();
    let middle = bytes.len() / 2;
    hit[middle] ^= 0x40;
    let heard = hear_both(&hit);
    assert!(heard.samples.len() < whole.len() && whole.starts_with(&heard.samples));
    assert!(heard.warnings[0].contains("is damaged behind frame "), "{:?}", heard.warnings);

    let bytes = fs::read(fixture("ffmpeg_s16.flac")).unwrap();
    let heard = hear_both(&bytes[..bytes.len() - 20]);
    assert_eq!(heard.warnings, ["`x.wav` is cut short: it promises 300 frames and holds 0"], "one block holds all");

    // The checksum of all samples, in the last 16 bytes of the 42-byte head.
    let mut lying = bytes.clone();
    lying[30] ^= 1;
    assert_eq!(hear_both(&lying).warnings, ["`x.wav` is damaged: its samples do not match its checksum"]);
    assert!(refusal(&bytes[..20]).starts_with("`x.wav` is a FLAC file with a damaged head"));
}

#[test]
fn other_kinds_are_called_by_their_name() {
    for (head, expected) in [
        (&b"ID3\x04\0\0\0\0\0\x23TS"[..], "an MP3 file"),
        (b"\xff\xfb\x50\xc4\0\0\0\0\0\0\0\0", "an MP3 file"),
        (b"\xff\xf1\x50\x80\0\0\0\0\0\0\0\0", "an AAC file"),
        (b"OggS\0\x02\0\0\0\0\0\0", "an Ogg file (Vorbis, Opus or FLAC)"),
        (b"\0\0\0\x1cftypM4A ", "an MP4 file (M4A, AAC)"),
        (b"FORM\0\0\x0f\xceAIFF", "an AIFF file"),
        (b"caff\0\x01\0\0desc", "a Core Audio file"),
        (b".snd\0\0\0\x18\0\0\x0f\xa0", "an AU file"),
        (b"\x1aE\xdf\xa3\xa3B\x86\x81\x01B\xf7\x81", "a Matroska or WebM file"),
        (b"RIFF\0\0\0\0AVI ", "an AVI video"),
        (b"RIFX\0\0\0\0WAVE", "a big-endian WAV file (RIFX)"),
        (b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb", "a Wave64 file"),
        (b"\0", "neither WAV nor FLAC"),
    ] {
        assert_eq!(kind(head), Kind::Foreign(expected));
    }
}

#[test]
fn errors_name_the_file_and_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let here = |name: &str| folder.path().join(name);
    let open = |name: &str| AudioReader::open(here(name)).err().unwrap().to_string();
    let shown = |name: &str| here(name).display().to_string();

    assert_eq!(open("none.wav"), format!("there is no file `{}`", shown("none.wav")));
    assert_eq!(open(""), format!("`{}` is a folder; name one audio file in it", shown("")));
    fs::write(here("my song.mp3"), b"ID3\x04\0\0\0\0\0\x23TSSE").unwrap();
    let (from, to) = (shown("my song.mp3"), shown("my song.wav"));
    assert_eq!(open("my song.mp3"), format!("`{from}` is an MP3 file; convert it: ffmpeg -i '{from}' '{to}'"));

    let relative = AudioReader::open("none.wav").err().unwrap().to_string();
    assert!(relative.len() > "there is no file `none.wav`".len(), "a relative path is shown whole: {relative}");
    let denied = AudioError::Open { path: "secret.wav".into(), source: ErrorKind::PermissionDenied.into() };
    assert_eq!(denied.to_string(), "`secret.wav` may not be read by you; allow it: chmod u+r secret.wav");
    let full = AudioError::Write { path: "out.wav".into(), source: Error::from(ErrorKind::StorageFull) };
    assert_eq!(full.to_string(), "cannot write `out.wav`: the disk is full; free some space or write to another disk");
    let pipe = AudioError::Foreign { path: "-".into(), what: "an MP3 file".into() };
    assert_eq!(pipe.to_string(), "standard input is an MP3 file; convert it: pipe it through `ffmpeg -i - -f wav -`");
    let awkward = AudioError::Foreign { path: "-it's.mp3".into(), what: "an MP3 file".into() };
    assert!(awkward.to_string().ends_with(r"ffmpeg -i './-it'\''s.mp3' './-it'\''s.wav'"), "{awkward}");
}

#[test]
fn planes_must_fit_the_file() {
    let mut reader = AudioReader::open(fixture("sox_u8.wav")).unwrap();
    for mut planes in [vec![], vec![vec![0.0; 5]], vec![vec![0.0; 5], vec![0.0; 6]], vec![vec![0.0; 5]; 3]] {
        let error = reader.read(&mut planes).unwrap_err().to_string();
        assert!(error.ends_with("has 2 channels; one plane for each, all of one length, takes them"), "{error}");
    }
    assert_eq!(reader.read(&mut [vec![], vec![]]).unwrap(), 0);
    assert_eq!(reader.read(&mut vec![vec![0.0; 5]; 2]).unwrap(), 5);
}

#[test]
fn the_input_is_recognised_under_every_name() {
    let folder = tempfile::tempdir().unwrap();
    let here = |name: &str| folder.path().join(name);
    for name in ["a.wav", "b.wav"] {
        fs::write(here(name), b"same bytes").unwrap();
    }
    fs::hard_link(here("a.wav"), here("hard.wav")).unwrap();
    assert!(same_file(here("a.wav"), here("./a.wav")));
    assert!(same_file(here("a.wav"), here("hard.wav")));
    assert!(!same_file(here("a.wav"), here("b.wav")));
    assert!(!same_file(here("a.wav"), here("new.wav")));
    assert!(!same_file("-", "-"), "standard input and output are two");
}

#[test]
fn a_signal_does_not_end_a_pipe_and_a_failing_disk_is_no_end_of_file() {
    /// Gives a few bytes, then an error, and so on.
    struct Halting(std::collections::VecDeque<u8>, ErrorKind, bool);
    impl std::io::Read for Halting {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.2 = !self.2;
            if self.2 {
                return Err(self.1.into());
            }
            let few = buffer.len().min(5);
            self.0.read(&mut buffer[..few])
        }
    }
    for name in ["sox_s32.wav", "ffmpeg_s16.flac"] {
        let bytes = fs::read(fixture(name)).unwrap();
        let expected = hear_pipe(&bytes).unwrap().samples;
        let open =
            |kind| AudioReader::from_input(Path::new("-"), Box::new(Halting(bytes.clone().into(), kind, false)), None);
        assert_eq!(hear(open(ErrorKind::Interrupted).unwrap(), 10).unwrap().samples, expected, "{name}");
        let error = open(ErrorKind::TimedOut).err().unwrap().to_string();
        assert_eq!(error, "cannot read standard input any further: timed out");
    }
}
