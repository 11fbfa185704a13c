//! A recording on a disk: a folder that grows, and is whole whenever the process is killed.
use super::copy::Copy;
use super::journal::{Entry, FILE, Start, Track};
use crate::io::GrowingWav;
use crate::live::player::Played;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A folder that is being written.
pub struct Disk {
    folder: PathBuf,
    journal: File,
    /// Lines that are not in the file yet.
    lines: Vec<u8>,
    /// Of inputs, then of outputs, with their channels.
    tracks: Vec<(GrowingWav, usize)>,
    /// Pieces that are not told yet: frames, orders before the first, how many.
    run: Option<(u32, u32, u32)>,
    frames: u64,
}

/// Makes the folder of a recording, which must not be there, or be empty.
///
/// # Errors
/// As the system says.
pub fn make(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    match std::fs::read_dir(folder)?.next() {
        Some(_) => Err(io::ErrorKind::DirectoryNotEmpty.into()),
        None => Ok(()),
    }
}

impl Disk {
    /// Begins a recording in a folder that [`make`] has made.
    ///
    /// # Errors
    /// As the system says.
    pub fn create(folder: &Path, start: &Start) -> io::Result<Self> {
        let track = |track: &Track| {
            let wav = GrowingWav::create(&folder.join(&track.file), start.rate, track.channels as u16)?;
            Ok::<_, io::Error>((wav, track.channels))
        };
        let tracks = start.inputs.iter().chain(&start.outputs).map(track).collect::<io::Result<_>>()?;
        let journal = File::create_new(folder.join(FILE))?;
        let mut disk = Self { folder: folder.into(), journal, lines: vec![], tracks, run: None, frames: 0 };
        disk.line(&Entry::Start(start.clone()))?;
        disk.flush()?;
        Ok(disk)
    }

    /// A graph that is played from now on.
    ///
    /// # Errors
    /// As the system says.
    pub fn graph(&mut self, copy: &Copy) -> io::Result<()> {
        copy.write(&self.folder)?;
        self.entry(&Entry::Graph(copy.said.clone()))
    }

    /// A line.
    ///
    /// # Errors
    /// As the system says.
    pub fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        // Pieces end before what comes after them, and orders come before those that obey them.
        self.end_run()?;
        self.line(entry)
    }

    /// A piece that was played, and its sound.
    ///
    /// # Errors
    /// As the system says.
    pub fn piece(&mut self, piece: Played, sound: &[f32]) -> io::Result<()> {
        let frames = piece.frames as usize;
        self.frames += u64::from(piece.frames);
        let mut at = 0;
        for (wav, channels) in &mut self.tracks {
            if piece.is_lost {
                let silence = vec![0.0; frames];
                wav.write(frames, |_| &silence);
            } else {
                wav.write(frames, |channel| &sound[at + channel * frames..][..frames]);
            }
            at += *channels * frames;
        }
        if piece.is_lost {
            return self.entry(&Entry::Hole { frames: piece.frames, orders: piece.orders });
        }
        match &mut self.run {
            Some((of, _, times)) if *of == piece.frames && piece.orders == 0 => *times += 1,
            _ => {
                self.end_run()?;
                self.run = Some((piece.frames, piece.orders, 1));
            }
        }
        Ok(())
    }

    /// Writes all that waits: the sound first, so that the journal never speaks of what is not there.
    ///
    /// # Errors
    /// As the system says; what was written before stays whole.
    pub fn flush(&mut self) -> io::Result<()> {
        self.end_run()?;
        self.tracks.iter_mut().try_for_each(|(wav, _)| wav.flush())?;
        self.journal.write_all(&self.lines)?;
        self.lines.clear();
        Ok(())
    }

    /// The end.
    ///
    /// # Errors
    /// As the system says.
    pub fn finish(mut self) -> io::Result<()> {
        self.entry(&Entry::End { frames: self.frames })?;
        self.flush()
    }

    fn end_run(&mut self) -> io::Result<()> {
        match self.run.take() {
            Some((frames, orders, times)) => self.line(&Entry::Pieces { frames, times, orders }),
            None => Ok(()),
        }
    }

    fn line(&mut self, entry: &Entry) -> io::Result<()> {
        serde_json::to_writer(&mut self.lines, entry)?;
        self.lines.push(b'\n');
        Ok(())
    }
}
