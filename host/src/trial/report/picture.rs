//! What was expected, what came, and the difference, one under the other.
use crate::picture::{Bands, Columns, Heatmap, Picture, PictureError, Reduce, Shape, Spectrogram, Window};
use crate::trial::Sound;
use crate::trial::verdict::{Golden, Heard};

/// Below the loudest, in dB, everything is dark.
const RANGE_DB: f32 = 90.0;
/// Samples a frame of a spectrogram.
const SIZE: usize = 1024;

/// A PNG of a golden and of what came.
///
/// # Errors
/// Nothing to draw: no golden, or no sound.
pub fn png(golden: &Golden) -> Result<Vec<u8>, PictureError> {
    let nothing = || PictureError::Shape("there is nothing to draw".into());
    let panels = match (&golden.expected, &golden.actual) {
        (Some(Heard::Sound(was)), Heard::Sound(is)) => {
            let off = difference(was, is);
            sounds(&[("expected", was), ("actual", is), ("difference", &off)])?
        }
        (None, Heard::Sound(is)) => sounds(&[("actual", is)])?,
        (Some(Heard::Frames { data: was, .. }), Heard::Frames { shape, data: is, rate }) => {
            let off: Vec<f32> = was.iter().zip(is).map(|(was, is)| is - was).collect();
            frames(&[("expected", was), ("actual", is), ("difference", &off)], shape, *rate)
        }
        (None, Heard::Frames { shape, data: is, rate }) => frames(&[("actual", is)], shape, *rate),
        _ => return Err(nothing()),
    };
    if panels.is_empty() {
        return Err(nothing());
    }
    let scale = match golden.actual {
        Heard::Sound(_) => "; one scale for all, 0 dB is a sine at full scale",
        Heard::Frames { .. } => "",
    };
    let note = format!("{}{scale}", golden.path.display());
    Picture { panels, note, width: None, height: None }.draw()?.png()
}

fn difference(was: &Sound, is: &Sound) -> Sound {
    let plane = |(was, is): (&Vec<f32>, &Vec<f32>)| was.iter().zip(is).map(|(was, is)| is - was).collect();
    Sound { rate: is.rate, planes: was.planes.iter().zip(&is.planes).map(plane).collect(), warnings: vec![] }
}

/// The loudest of all channels, in each bin: a difference in one of them is seen.
fn sounds(all: &[(&str, &Sound)]) -> Result<Vec<Heatmap>, PictureError> {
    let hop = SIZE / 4;
    let shape = Shape { size: SIZE, hop, window: Window::Hann, mel: None, max_hz: None };
    let mut panels = vec![];
    for (title, sound) in all {
        for (channel, plane) in sound.planes.iter().enumerate().filter(|(_, plane)| !plane.is_empty()) {
            let mut spectrogram = Spectrogram::new(sound.rate, &shape)?;
            spectrogram.push(plane)?;
            let spectrum = spectrogram.finish()?;
            let loudest = spectrum.extremes.map_or(-RANGE_DB, |(loudest, _)| loudest.db);
            let channel = if sound.planes.len() > 1 { format!(", channel {}", channel + 1) } else { String::new() };
            let panel = Heatmap {
                title: format!("{title}{channel}"),
                columns: spectrum.columns,
                start: 0.0,
                seconds_per_frame: hop as f64 / f64::from(sound.rate),
                bands: spectrum.bands,
                unit: "dB".into(),
                range: None,
            };
            panels.push((loudest, panel));
        }
    }
    let top = panels.iter().map(|(loudest, _)| *loudest).fold(f32::NEG_INFINITY, f32::max).ceil();
    Ok(panels.into_iter().map(|(_, panel)| Heatmap { range: Some((top - RANGE_DB, top)), ..panel }).collect())
}

fn frames(all: &[(&str, &Vec<f32>)], shape: &[usize], rate: f64) -> Vec<Heatmap> {
    let width = shape.iter().product::<usize>().max(1);
    let range = |columns: &Columns| columns.range().unwrap_or((0.0, 1.0));
    let panels = all.iter().filter(|(_, data)| data.len() >= width).map(|(title, data)| {
        let whole = data.len() / width * width;
        Heatmap {
            title: (*title).into(),
            columns: Columns::of(&data[..whole], width, Reduce::Max),
            start: 0.0,
            seconds_per_frame: 1.0 / rate,
            bands: Bands::Numbers,
            unit: String::new(),
            range: None,
        }
    });
    let mut panels: Vec<Heatmap> = panels.collect();
    // What was expected sets the scale of both; a difference has its own.
    if let Some(common) = panels.first().map(|panel| range(&panel.columns)) {
        panels.iter_mut().take(2).for_each(|panel| panel.range = Some(common));
    }
    panels
}
