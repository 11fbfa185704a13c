//! A picture of an array.
use super::recipe::Recipe;
use super::scale::Scale;
use super::sounds::Sound;
use crate::io::{AudioReader, read_npy};
use crate::picture::{Columns, Heatmap, Picture, PictureError, PngFile, Reduce};
use std::path::Path;

/// More channels than these are not drawn.
const PANELS: usize = 4;
/// From the loudest to the darkest, where values that had no logarithm are drawn in dB.
const RANGE: f32 = 80.0;

/// Draws the array of a sound, a panel a channel; answers whether there was a frame to draw.
///
/// # Errors
/// The array cannot be read, or the picture not be written.
pub fn draw(recipe: &Recipe, sound: &Sound, npy: &Path, png: &Path) -> Result<bool, PictureError> {
    let array = read_npy(npy)?;
    let (shape, values) = (array.shape, array.data.into_iter().map(|x| x as f32).collect::<Vec<f32>>());
    let reader = AudioReader::open(&sound.path)?;
    let rate = recipe.graph(reader.spec().rate).0.graph.rate;
    let scale = Scale::new(recipe.keys(), rate);
    let (frames, mut rest) = shape.split_first().map_or((0, &shape[..]), |(frames, rest)| (*frames, rest));
    if frames == 0 || values.is_empty() {
        return Ok(false);
    }
    let is_complex = scale.kind() == "stft" || scale.kind().is_empty() && rest.len() > 1 && rest.last() == Some(&2);
    let values = if is_complex { magnitudes(&values) } else { values };
    if is_complex {
        rest = &rest[..rest.len() - 1];
    }
    let (channels, width) = match rest {
        [channels, width @ ..] if !width.is_empty() => (*channels, width.iter().product::<usize>()),
        _ => (1, rest.iter().product()),
    };
    let seconds = reader.spec().frames.map(|frames| frames as f64 / f64::from(reader.spec().rate));
    let step = scale.step().or(seconds.map(|seconds| seconds / frames as f64)).unwrap_or(1.0);
    let (unit, convert) = scale.unit();
    let name = sound.name.display();
    let panel = |channel: usize| {
        let mut columns = Columns::new(width, if scale.kind() == "mfcc" { Reduce::Mean } else { Reduce::Max });
        for frame in values.chunks_exact(channels * width) {
            let frame: Vec<f32> = frame[channel * width..][..width].iter().map(|value| convert(*value)).collect();
            columns.push(&frame);
        }
        let range = columns.range().filter(|(low, high)| unit == "dB" && high - low > RANGE);
        Heatmap {
            title: if channels == 1 {
                name.to_string()
            } else {
                format!("{name}, channel {} of {channels}", channel + 1)
            },
            range: range.map(|(_, high)| (high - RANGE, high)),
            columns,
            start: 0.0,
            seconds_per_frame: step,
            bands: scale.bands(width),
            unit: unit.into(),
        }
    };
    let panels = (0..channels.min(PANELS)).map(panel).collect();
    let file = PngFile::create(png)?;
    file.finish(&Picture { panels, note: String::new(), width: None, height: None }.draw()?)?;
    Ok(true)
}

/// Of complex values, real and imaginary parts in turns.
fn magnitudes(values: &[f32]) -> Vec<f32> {
    values.chunks_exact(2).map(|value| value[0].hypot(value[1])).collect()
}
