//! `aw spectrogram`.
use super::{USAGE, fail, print};
use aw_host::io::{AudioReader, abandon, same_file};
use aw_host::picture::{Heatmap, Picture, PictureError, PngFile, Shape, Spectrogram, Spectrum, Window};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// More channels than these become one panel of their mix.
const PANELS: usize = 4;

/// What a shell expects of a program that Ctrl-C has ended.
const INTERRUPTED: i32 = 130;

#[derive(Args)]
#[command(after_help = "0 dB is a sine at full scale: its peaks at 1, alone in its channel.")]
pub struct Command {
    /// A WAV or FLAC file; - is standard input
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// The PNG file to draw; by default FILE's name with .png, here
    #[arg(long, value_name = "FILE.png")]
    out: Option<PathBuf>,
    /// Samples a frame, an even number: more tell frequencies apart, fewer tell times apart
    #[arg(long, value_name = "SAMPLES", default_value_t = 1024, value_parser = number(2, 65536))]
    size: usize,
    /// Samples from frame to frame; a quarter of the size by default
    #[arg(long, value_name = "SAMPLES", value_parser = number(1, 65536))]
    hop: Option<usize>,
    /// What a frame is multiplied with
    #[arg(long, value_parser = Window::ALL.map(|(name, _)| name), default_value = "hann")]
    window: String,
    /// Draw so many mel bands instead of a linear axis
    #[arg(long, value_name = "BANDS", value_parser = number(1, 1024))]
    mel: Option<usize>,
    /// Draw no frequencies above this one
    #[arg(long, value_name = "HZ")]
    max_hz: Option<f64>,
    /// dB from the brightest colour, which is the loudest there is, to the darkest
    #[arg(long, value_name = "DB", default_value_t = 80.0, value_parser = decibels)]
    range: f32,
    /// Draw this channel only, from 1 on, or the mean of all: mix. By default each gets a panel, or from 5 on, all one
    #[arg(long, value_name = "N|mix")]
    channel: Option<String>,
    /// Pixels across, labels included; as suits the file by default
    #[arg(long, value_name = "PIXELS", value_parser = number(1, 8192))]
    width: Option<usize>,
    /// Pixels from top to bottom, labels included
    #[arg(long, value_name = "PIXELS", value_parser = number(1, 8192))]
    height: Option<usize>,
}

/// A whole number from `low` to `high`.
fn number(low: u64, high: u64) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync {
    move |text| {
        let number = text.parse::<u64>().ok().filter(|number| (low..=high).contains(number));
        number.map(|number| number as usize).ok_or_else(|| format!("it takes a whole number from {low} to {high}"))
    }
}

fn decibels(text: &str) -> Result<f32, String> {
    let number = text.parse::<f32>().ok().filter(|db| (1.0..=200.0).contains(db));
    number.ok_or_else(|| "it takes 1 to 200 dB".into())
}

/// A call that does not fit the file.
fn usage(why: impl std::fmt::Display) -> ExitCode {
    say!("error: {why}");
    ExitCode::from(USAGE)
}

fn failed(why: PictureError) -> ExitCode {
    match why {
        PictureError::Shape(what) => usage(what),
        other => fail(other),
    }
}

/// What a panel shows.
#[derive(Clone, Copy)]
enum Source {
    Channel(usize),
    Mix,
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let out = self.out()?;
        let mut reader = AudioReader::open(&self.path).map_err(fail)?;
        let (rate, channels) = (reader.spec().rate, reader.spec().channels);
        let sources = self.sources(channels)?;
        let window =
            Window::ALL.into_iter().find(|(name, _)| *name == self.window).map_or(Window::Hann, |found| found.1);
        let shape = Shape { size: self.size, hop: self.hop(), window, mel: self.mel, max_hz: self.max_hz };
        let makers =
            sources.iter().map(|_| Spectrogram::new(rate, &shape)).collect::<Result<_, _>>().map_err(failed)?;
        ctrlc::set_handler(interrupted).map_err(fail)?;
        let file = PngFile::create(&out).map_err(failed)?;
        let spectra = read(&mut reader, &sources, makers)?;
        for warning in reader.warnings() {
            say!("warning: {warning}");
        }
        if spectra.iter().any(|spectrum| spectrum.samples == 0) {
            return Err(fail(format!("{} holds no sound: there is nothing to draw", self.path.display())));
        }
        let said = summary(&spectra, &sources, rate, channels);
        let drawing = self.picture(spectra, &sources, rate, channels).draw().map_err(failed)?;
        file.finish(&drawing).map_err(failed)?;
        let (width, height) = drawing.size();
        print(&format!("{}: {width} × {height} pixels; {said}\n", out.display()))?;
        Ok(ExitCode::SUCCESS)
    }

    fn hop(&self) -> usize {
        self.hop.unwrap_or((self.size / 4).max(1))
    }

    /// Where the picture goes.
    fn out(&self) -> Result<PathBuf, ExitCode> {
        let out = match (&self.out, self.path.file_name()) {
            (Some(out), _) => out.clone(),
            (None, Some(name)) if self.path != Path::new("-") => Path::new(name).with_extension("png"),
            _ => return Err(usage("standard input has no name to call the picture by: say --out FILE.png")),
        };
        if !out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) {
            let better = out.with_extension("png");
            return Err(usage(format!(
                "`out` is {}: pictures are PNG files; call it {}",
                out.display(),
                better.display()
            )));
        }
        if same_file(&out, &self.path) {
            return Err(usage(format!("`out` is {}, the file to be read: name another", out.display())));
        }
        Ok(out)
    }

    fn sources(&self, channels: usize) -> Result<Vec<Source>, ExitCode> {
        match self.channel.as_deref() {
            None if channels <= PANELS => Ok((0..channels).map(Source::Channel).collect()),
            None | Some("mix") => Ok(vec![Source::Mix]),
            Some(text) => match text.parse::<usize>() {
                Ok(number) if (1..=channels).contains(&number) => Ok(vec![Source::Channel(number - 1)]),
                _ if channels == 1 => Err(usage(format!("`channel` is {text}: this file has one channel, 1"))),
                _ => Err(usage(format!("`channel` is {text}: this file has channels 1 to {channels}, and mix"))),
            },
        }
    }

    fn picture(&self, spectra: Vec<Spectrum>, sources: &[Source], rate: u32, channels: usize) -> Picture {
        // One scale for all panels, so that their colours compare.
        let loudest = spectra.iter().filter_map(|spectrum| spectrum.extremes).map(|(loudest, _)| loudest.db);
        let top = loudest.fold(f32::NEG_INFINITY, f32::max).ceil();
        let name = self.path.file_name().map_or("standard input".into(), |name| name.to_string_lossy());
        let panel = |(spectrum, source): (Spectrum, &Source)| Heatmap {
            title: match source {
                _ if channels == 1 => name.to_string(),
                Source::Mix => format!("{name}, mix of {channels} channels"),
                Source::Channel(at) => format!("{name}, channel {} of {channels}", at + 1),
            },
            columns: spectrum.columns,
            start: 0.0,
            seconds_per_frame: self.hop() as f64 / f64::from(rate),
            bands: spectrum.bands,
            unit: "dB".into(),
            range: Some((top - self.range, top)),
        };
        let ms = |samples: usize| (samples as f64 / f64::from(rate) * 1e5).round() / 100.0;
        let (size, hop, window) = (self.size, self.hop(), &self.window);
        let mel = self.mel.map_or(String::new(), |bands| format!(", {bands} mel bands"));
        let note = format!(
            "frames of {size} samples ({} ms), hop {hop} ({} ms), {window}{mel}; 0 dB is a sine at full scale",
            ms(size),
            ms(hop)
        );
        let panels = spectra.into_iter().zip(sources).map(panel).collect();
        Picture { panels, note, width: self.width, height: self.height }
    }
}

/// Ctrl-C: the picture has not got its name yet, and never will.
fn interrupted() {
    abandon();
    say!("interrupted; no picture was drawn");
    std::process::exit(INTERRUPTED);
}

/// Plays the file through the transforms, one a panel.
fn read(reader: &mut AudioReader, sources: &[Source], mut makers: Vec<Spectrogram>) -> Result<Vec<Spectrum>, ExitCode> {
    const CHUNK: usize = 8192;
    let channels = reader.spec().channels;
    let mut planes = vec![vec![0.0; CHUNK]; channels];
    let mut mix = vec![0.0; CHUNK];
    loop {
        let frames = reader.read(&mut planes).map_err(fail)?;
        if frames == 0 {
            break;
        }
        for (source, maker) in sources.iter().zip(&mut makers) {
            let samples = match source {
                Source::Channel(at) => &planes[*at],
                Source::Mix => {
                    for (at, out) in mix.iter_mut().enumerate() {
                        *out = planes.iter().map(|plane| plane[at]).sum::<f32>() / channels as f32;
                    }
                    &mix
                }
            };
            maker.push(&samples[..frames]).map_err(failed)?;
        }
    }
    makers.into_iter().map(Spectrogram::finish).collect::<Result<_, _>>().map_err(failed)
}

/// How long it is, and the loudest and the quietest in it.
fn summary(spectra: &[Spectrum], sources: &[Source], rate: u32, channels: usize) -> String {
    let seconds = spectra.first().map_or(0, |spectrum| spectrum.samples) as f64 / f64::from(rate);
    let channels = match channels {
        1 => "mono".into(),
        2 => "stereo".into(),
        many => format!("{many} channels"),
    };
    let all = || spectra.iter().zip(sources).filter_map(|(spectrum, source)| Some((spectrum.extremes?, source)));
    let loudest = all().map(|((loudest, _), source)| (loudest, source)).max_by(|a, b| a.0.db.total_cmp(&b.0.db));
    let quietest = all().map(|((_, quietest), _)| quietest.db).fold(f32::INFINITY, f32::min);
    let Some((loudest, source)) = loudest else { return format!("{seconds:.3} s") };
    let channel = match source {
        Source::Channel(at) if spectra.len() > 1 => format!(" in channel {}", at + 1),
        _ => String::new(),
    };
    let less = if quietest <= Spectrogram::FLOOR { " or less" } else { "" };
    format!(
        "{seconds:.3} s, {rate} Hz, {channels}; loudest {:.1} dB at {:.3} s and {:.0} Hz{channel}, quietest {:.1} dB{less}",
        loudest.db, loudest.seconds, loudest.hz, quietest
    )
}
