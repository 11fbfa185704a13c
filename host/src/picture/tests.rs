//! Facts about pictures, read from the pixels of their files.
use super::canvas::{INK, PAPER, Rgb};
use super::colour::{MISSING, magma};
use super::*;
use std::f64::consts::TAU;

/// A picture read back from its file.
struct Seen {
    width: usize,
    rgb: Vec<u8>,
    panels: Vec<Area>,
}

impl Seen {
    fn of(picture: &Picture) -> Self {
        let drawing = picture.draw().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen.png");
        PngFile::create(&path).unwrap().finish(&drawing).unwrap();
        let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let about = reader.next_frame(&mut rgb).unwrap();
        assert_eq!(about.color_type, png::ColorType::Rgb);
        assert_eq!((about.width as usize, about.height as usize), drawing.size());
        Self { width: about.width as usize, rgb, panels: drawing.panels }
    }

    fn at(&self, x: usize, y: usize) -> Rgb {
        let at = (y * self.width + x) * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// How bright a pixel is; rises with the value.
    fn light(&self, x: usize, y: usize) -> u32 {
        self.at(x, y).into_iter().map(u32::from).sum()
    }

    /// The middle of the brightest rows at this column of the first panel.
    fn brightest_row(&self, across: usize) -> usize {
        let area = self.panels[0];
        let rows = || area.y..area.y + area.height;
        let most = rows().map(|y| self.light(area.x + across, y)).max().unwrap();
        let brightest: Vec<usize> = rows().filter(|y| self.light(area.x + across, *y) == most).collect();
        brightest[brightest.len() / 2]
    }

    /// Rows of the ticks at the left of the first panel.
    fn ticks(&self) -> Vec<usize> {
        let Area { x, y, height, .. } = self.panels[0];
        (y..y + height).filter(|y| self.at(x - 3, *y) == INK).collect()
    }
}

fn shape() -> Shape {
    Shape { size: 1024, hop: 256, window: Window::Hann, mel: None, max_hz: None }
}

fn spectrum(rate: u32, shape: &Shape, samples: &[f32]) -> Spectrum {
    let mut maker = Spectrogram::new(rate, shape).unwrap();
    // In pieces that fit no hop.
    samples.chunks(777).for_each(|piece| maker.push(piece).unwrap());
    maker.finish().unwrap()
}

fn drawn(rate: u32, shape: &Shape, samples: &[f32]) -> Picture {
    let Spectrum { columns, bands, .. } = spectrum(rate, shape, samples);
    let seconds_per_frame = shape.hop as f64 / f64::from(rate);
    let (title, unit) = ("a test".into(), "dB".into());
    Picture::of(Heatmap { title, columns, start: 0.0, seconds_per_frame, bands, unit, range: Some((-80.0, 0.0)) })
}

fn sine(rate: u32, hz: f64, seconds: f64) -> Vec<f32> {
    let frames = (f64::from(rate) * seconds) as usize;
    (0..frames).map(|t| (TAU * hz * t as f64 / f64::from(rate)).sin() as f32).collect()
}

/// The highest frequency there is, at full scale.
fn nyquist() -> Vec<f32> {
    [1.0, -1.0].repeat(4000)
}

fn plain(columns: Columns) -> Heatmap {
    let (title, unit) = (String::new(), String::new());
    Heatmap { title, columns, start: 0.0, seconds_per_frame: 0.01, bands: Bands::Numbers, unit, range: None }
}

#[test]
fn a_sine_is_brightest_at_its_frequency_and_a_tick_stands_there() {
    let sound = sine(16000, 1000.0, 2.0);
    for height in [None, Some(300), Some(700), Some(1500)] {
        let picture = Picture { height, ..drawn(16000, &shape(), &sound) };
        let seen = Seen::of(&picture);
        let area = seen.panels[0];
        let row = seen.brightest_row(area.width / 2);
        // Bin 64 of 513, counted from below.
        let wanted = area.y as f64 + area.height as f64 * (1.0 - 64.5 / 513.0);
        assert!((row as f64 - wanted).abs() <= 2.0, "{row} instead of {wanted}");
        // A low picture has room for every second kHz only.
        if height == Some(300) {
            continue;
        }
        let tick = seen.ticks().into_iter().min_by_key(|tick| tick.abs_diff(row)).unwrap();
        assert!(tick.abs_diff(row) <= 2, "1 kHz is written at {tick}, and its sine at {row}");
    }
}

#[test]
fn on_a_mel_axis_and_with_a_lower_end_a_sine_is_where_its_tick_is() {
    let sound = sine(16000, 1000.0, 1.0);
    for changed in [Shape { mel: Some(64), ..shape() }, Shape { max_hz: Some(2500.0), ..shape() }] {
        let picture = drawn(16000, &changed, &sound);
        let seen = Seen::of(&picture);
        let (area, panel) = (seen.panels[0], &picture.panels[0]);
        let bands = panel.columns.bands();
        let wanted = (1.0 - panel.bands.position(bands, 1000.0).unwrap() / bands as f64) * area.height as f64;
        let row = seen.brightest_row(area.width / 2) - area.y;
        // Within a band: a sine between two centres is as loud in both.
        let slack = area.height as f64 / bands as f64 + 1.0;
        assert!((row as f64 - wanted).abs() <= slack, "{row} instead of {wanted}");
        assert!(seen.ticks().into_iter().any(|tick| (tick as f64 - area.y as f64 - wanted).abs() <= 1.0));
    }
}

#[test]
fn a_click_is_at_its_time_also_after_an_hour_was_made_to_fit() {
    for (rate, seconds, at) in [(16000, 2.0, 1.25), (8000, 1200.0, 903.3)] {
        let mut sound = vec![0.0; (f64::from(rate) * seconds) as usize];
        sound[(at * f64::from(rate)) as usize] = 1.0;
        let picture = drawn(rate, &Shape { size: 256, hop: 128, ..shape() }, &sound);
        let seen = Seen::of(&picture);
        let area = seen.panels[0];
        assert!((600..=1800).contains(&area.width), "{area:?}");
        let loudness = |x: &usize| seen.light(area.x + x, area.y + area.height / 2);
        let row: Vec<usize> = (0..area.width).collect();
        let most = row.iter().map(loudness).max().unwrap();
        assert!(most > seen.light(area.x, area.y) + 50, "the click shows");
        let loud: Vec<&usize> = row.iter().filter(|x| loudness(x) == most).collect();
        let middle = (**loud.first().unwrap() + **loud.last().unwrap()) as f64 / 2.0 + 0.5;
        let frames = picture.panels[0].columns.len() as f64 * picture.panels[0].columns.per_column() as f64;
        let wanted = at / (frames * picture.panels[0].seconds_per_frame) * area.width as f64;
        let slack = (area.width as f64 / frames).max(1.0) + 0.5;
        assert!((middle - wanted).abs() <= slack, "{middle} instead of {wanted} of {}", area.width);
    }
}

#[test]
fn a_full_sine_is_0_db_and_so_is_a_constant_of_1() {
    for window in Window::ALL.map(|(_, window)| window) {
        let shape = Shape { window, ..shape() };
        // Amid the sound, where no end of it is heard: 1 kHz is bin 64.
        for (sound, bin) in [(sine(16000, 1000.0, 0.5), 64), (vec![1.0; 8000], 0), (nyquist(), 512)] {
            let level = spectrum(16000, &shape, &sound).columns.column(15)[bin];
            assert!(level.abs() < 0.01, "{window:?}, bin {bin}: {level} dB");
        }
        // Between two bins a window loses up to 3.92 dB (Harris, table 1: scallop loss of the rectangle).
        let (loudest, _) = spectrum(16000, &shape, &sine(16000, 2664.0625, 0.5)).extremes.unwrap();
        assert!((-3.93..-1.0).contains(&loudest.db), "{window:?}: {loudest:?}");
    }
    let mel = Shape { mel: Some(20), ..shape() };
    let bands = spectrum(16000, &mel, &[]).bands;
    let Bands::Centres(centres) = bands else { panic!("{bands:?}") };
    let (loudest, _) = spectrum(16000, &mel, &sine(16000, centres[12], 0.5)).extremes.unwrap();
    assert!((-1.0..0.1).contains(&loudest.db) && loudest.hz == centres[12], "{loudest:?}");
}

#[test]
fn every_sample_has_a_frame_and_no_frame_lies_behind_the_end() {
    for (samples, frames) in [(0, 0), (1, 1), (256, 1), (257, 2), (16000, 63)] {
        let spectrum = spectrum(16000, &shape(), &vec![0.5; samples]);
        assert_eq!((spectrum.columns.frames(), spectrum.samples), (frames, samples as u64));
        assert_eq!(spectrum.extremes.is_some(), samples > 0);
    }
    let silence = spectrum(16000, &shape(), &[0.0; 512]);
    assert_eq!(silence.columns.range(), Some((Spectrogram::FLOOR, Spectrogram::FLOOR)));
    let large = spectrum(48000, &Shape { size: 65536, ..shape() }, &sine(48000, 3000.0, 0.1));
    assert!(large.columns.bands() <= 1024);
}

#[test]
fn what_cannot_be_is_refused_with_the_way_out() {
    let why = |shape: Shape| Spectrogram::new(16000, &shape).err().unwrap().to_string();
    assert_eq!(
        why(Shape { size: 1023, ..shape() }),
        "`size` is 1023: it takes an even number of samples, such as 1024"
    );
    assert_eq!(
        why(Shape { size: 512, hop: 513, ..shape() }),
        "`hop` is 513: it takes 1 to 512 samples, the `size`, or sound would be left out"
    );
    assert_eq!(
        why(Shape { max_hz: Some(8001.0), ..shape() }),
        "`max-hz` is 8001: a file of 16000 Hz holds more than 0 and up to 8000 Hz"
    );
    assert!(why(Shape { max_hz: Some(f64::NAN), ..shape() }).starts_with("`max-hz` is NaN"));
    let picture = Picture { width: Some(120), ..Picture::of(plain(Columns::new(4, Reduce::Max))) };
    assert!(picture.draw().unwrap_err().to_string().starts_with("`width` "));
    let picture = Picture { height: Some(100), ..Picture::of(plain(Columns::new(4, Reduce::Max))) };
    assert!(picture.draw().unwrap_err().to_string().starts_with("`height` "));
}

#[test]
fn ten_frames_are_ten_clean_columns_and_each_band_is_as_high_as_its_neighbour() {
    let values: Vec<f32> = (0..30).map(|at| at as f32).collect();
    let seen = Seen::of(&Picture::of(plain(Columns::of(&values, 3, Reduce::Max))));
    let area = seen.panels[0];
    assert_eq!((area.width % 10, area.height % 3), (0, 0));
    for x in 0..area.width {
        for y in 0..area.height {
            let (frame, band) = (x * 10 / area.width, 2 - y * 3 / area.height);
            let wanted = magma(f64::from(values[frame * 3 + band]) / 29.0);
            assert_eq!(seen.at(area.x + x, area.y + y), wanted, "no colour between two");
        }
    }
    assert_eq!(seen.ticks().len(), 3, "one a band");
}

#[test]
fn what_lies_beyond_the_range_has_the_colours_of_its_ends_and_what_is_no_number_is_grey() {
    let values = [-100.0, -10.0, 5.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    let heatmap = Heatmap { range: Some((-20.0, 0.0)), ..plain(Columns::of(&values, 1, Reduce::Max)) };
    let seen = Seen::of(&Picture::of(heatmap));
    let area = seen.panels[0];
    let colours: Vec<Rgb> = (0..6).map(|frame| seen.at(area.x + frame * area.width / 6 + 5, area.y + 5)).collect();
    assert_eq!(colours, [magma(0.0), magma(0.5), magma(1.0), MISSING, MISSING, MISSING]);
}

#[test]
fn odd_matrices_have_pictures_too() {
    let none = Columns::new(3, Reduce::Max);
    let constant = Columns::of(&[7.0; 12], 4, Reduce::Mean);
    let missing = Columns::of(&[f32::NAN; 12], 4, Reduce::Mean);
    let long = Columns::of(&[1.0; 5000], 1, Reduce::Max);
    let high = Columns::of(&vec![1.0; 20_000], 20_000, Reduce::Max);
    for (columns, colour) in
        [(none, MISSING), (constant, magma(0.5)), (missing, MISSING), (long, magma(0.5)), (high, magma(0.5))]
    {
        let seen = Seen::of(&Picture::of(plain(columns)));
        let area = seen.panels[0];
        assert!((100..=2000).contains(&area.width) && (40..=1000).contains(&area.height), "{area:?}");
        assert_eq!(seen.at(area.x + area.width / 2, area.y + area.height / 2), colour);
        assert_eq!(seen.at(0, 0), PAPER);
    }
}

#[test]
fn panels_lie_under_each_other_with_their_edges_in_line() {
    let panel = |high: f32| Heatmap { range: Some((0.0, high)), ..plain(Columns::of(&[1.0; 400], 4, Reduce::Max)) };
    let panels = vec![panel(1.0), panel(10_000.0), panel(2.0)];
    let picture = Picture { panels, note: "said below".into(), width: Some(640), height: Some(480) };
    let seen = Seen::of(&picture);
    assert_eq!((seen.width, seen.rgb.len()), (640, 640 * 480 * 3));
    assert!(seen.panels.windows(2).all(|two| two[0].x == two[1].x && two[0].width == two[1].width));
    assert!(seen.panels.windows(2).all(|two| two[0].y + two[0].height < two[1].y));
    let below = seen.panels[2].y + seen.panels[2].height + 30;
    let ink = (0..640).flat_map(|x| (below..480).map(move |y| (x, y))).filter(|(x, y)| seen.at(*x, *y) != PAPER);
    assert!(ink.count() > 50, "the note is there");
}
