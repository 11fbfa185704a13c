//! Window functions, in double precision.
use aw_sdk::*;
use std::f64::consts::PI;

/// The windows an author can name.
pub const CHOICES: &Choices =
    choices![c"rect", c"hann", c"hamming", c"blackman", c"sine", c"sqrt_hann", c"vorbis", c"povey", c"kaiser"];

/// `kaiser_beta` of a worker with a window.
pub const KAISER_BETA: Param = Param::float(c"kaiser_beta", 8.6)
    .range(0.0, 50.0)
    .same_work()
    .doc(c"How narrow a `kaiser` window is: 0 is `rect`, 5 near `hamming`, 8.6 near `blackman`");
/// `periodic` of a worker with a window.
pub const PERIODIC: Param = Param::bool(c"periodic", true)
    .same_work()
    .doc(c"Whether the window leaves out its last point, so that windows add up evenly; `sine` and `vorbis` always do");

/// A window function of any size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    shape: Shape,
    /// Of a Kaiser window.
    beta: f64,
    /// Whether the period is the size, or one less so that both ends are equal.
    periodic: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Rect,
    Hann,
    Hamming,
    Blackman,
    Sine,
    SqrtHann,
    Vorbis,
    Povey,
    Kaiser,
}

const NAMES: [(&str, Shape); 9] = [
    ("rect", Shape::Rect),
    ("hann", Shape::Hann),
    ("hamming", Shape::Hamming),
    ("blackman", Shape::Blackman),
    ("sine", Shape::Sine),
    ("sqrt_hann", Shape::SqrtHann),
    ("vorbis", Shape::Vorbis),
    ("povey", Shape::Povey),
    ("kaiser", Shape::Kaiser),
];

impl Window {
    /// The window that the text parameter `key` names, with `kaiser_beta` and `periodic`.
    pub fn new(values: &Values, key: &str) -> Result<Self> {
        let name = values.text(key);
        let shape = NAMES.iter().find(|(known, _)| *known == name).map(|(_, shape)| *shape);
        let shape = shape.ok_or_else(|| format!("`{key}` knows no window `{name}`"))?;
        Ok(Self { shape, beta: values.float("kaiser_beta"), periodic: values.bool("periodic") })
    }

    /// Its name in graph files.
    pub fn name(&self) -> &'static str {
        NAMES.iter().find(|(_, shape)| *shape == self.shape).map_or("", |(name, _)| name)
    }

    /// Its values for a frame of `size` samples.
    pub fn values(&self, size: usize) -> Vec<f64> {
        (0..size).map(|n| self.value(n, size)).collect()
    }

    /// [`Self::values`] as processed.
    pub fn samples(&self, size: usize) -> Vec<f32> {
        self.values(size).into_iter().map(|w| w as f32).collect()
    }

    /// Formulas: Harris 1978 (hann, hamming .54/.46, blackman .42/.5/.08, kaiser); Vorbis I specification 1.3.1;
    /// Kaldi `feature-window.cc` (povey).
    fn value(&self, n: usize, size: usize) -> f64 {
        let period = if self.periodic { size } else { size.saturating_sub(1).max(1) };
        let turn = 2.0 * PI * n as f64 / period as f64;
        let hann = 0.5 - 0.5 * turn.cos();
        // Half a sample off the grid, so that squares of two halves add up to 1.
        let half_sine = (PI * (n as f64 + 0.5) / size as f64).sin();
        match self.shape {
            Shape::Rect => 1.0,
            Shape::Hann => hann,
            Shape::Hamming => 0.54 - 0.46 * turn.cos(),
            Shape::Blackman => 0.42 - 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos(),
            Shape::Sine => half_sine,
            Shape::SqrtHann => hann.sqrt(),
            Shape::Vorbis => (0.5 * PI * half_sine * half_sine).sin(),
            Shape::Povey => hann.powf(0.85),
            Shape::Kaiser => {
                let x = turn / PI - 1.0;
                bessel_i0(self.beta * (1.0 - x * x).max(0.0).sqrt()) / bessel_i0(self.beta)
            }
        }
    }
}

/// Modified Bessel function of the first kind, order 0, by its power series (all terms positive, so no cancellation).
fn bessel_i0(x: f64) -> f64 {
    let (quarter, mut term, mut sum, mut k) = (x * x / 4.0, 1.0, 1.0, 1.0);
    while term > sum * 1e-17 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::FRAC_1_SQRT_2;
    fn window(shape: Shape, beta: f64, periodic: bool) -> Vec<f64> {
        Window { shape, beta, periodic }.values(8)
    }

    /// `scipy.signal.windows.NAME(8, sym)` of scipy 1.17.1; `povey` is `hann ** 0.85`, `sine` is scipy's `cosine`.
    #[test]
    fn windows_are_those_of_scipy() {
        let first_half_and_middle = [
            (Shape::Hann, [0.0, 0.146446609, 0.5, 0.853553391, 1.0]),
            (Shape::Hamming, [0.08, 0.214730881, 0.54, 0.865269119, 1.0]),
            (Shape::Blackman, [0.0, 0.0664466094, 0.34, 0.773553391, 1.0]),
            (Shape::SqrtHann, [0.0, 0.382683432, FRAC_1_SQRT_2, 0.923879533, 1.0]),
            (Shape::Povey, [0.0, 0.195356301, 0.554784736, 0.874069745, 1.0]),
            (Shape::Kaiser, [0.001332514, 0.0674720792, 0.340393622, 0.773829381, 1.0]),
        ];
        for (shape, [a, b, c, d, e]) in first_half_and_middle {
            close(&window(shape, 8.6, true), &[a, b, c, d, e, d, c, b]);
        }
        let first_half = [
            (Shape::Hann, [0.0, 0.188255099, 0.611260467, 0.950484434]),
            (Shape::Hamming, [0.08, 0.253194691, 0.64235963, 0.954445679]),
            (Shape::Blackman, [0.0, 0.0904534244, 0.459182958, 0.920363618]),
            (Shape::Sine, [0.195090322, 0.555570233, 0.831469612, 0.98078528]),
            (Shape::SqrtHann, [0.0, 0.433883739, 0.781831482, 0.974927912]),
            (Shape::Vorbis, [0.0597492676, 0.466066185, 0.884749858, 0.998213417]),
            (Shape::Povey, [0.0, 0.241843676, 0.658100715, 0.957752419]),
            (Shape::Kaiser, [0.001332514, 0.0911365129, 0.459643775, 0.920461583]),
        ];
        for (shape, [a, b, c, d]) in first_half {
            close(&window(shape, 8.6, false), &[a, b, c, d, d, c, b, a]);
        }
        let [a, b, c, d] = [7.72686684e-6, 0.0179640735, 0.272772068, 0.870803732];
        close(&window(Shape::Kaiser, 14.0, false), &[a, b, c, d, d, c, b, a]);
    }

    fn close(ours: &[f64], scipy: &[f64]) {
        for (a, b) in ours.iter().zip(scipy) {
            assert!((a - b).abs() < 1e-9, "{ours:?} {scipy:?}");
        }
    }

    #[test]
    fn sine_and_vorbis_do_not_depend_on_the_period() {
        for shape in [Shape::Sine, Shape::Vorbis] {
            assert_eq!(window(shape, 0.0, true), window(shape, 0.0, false));
        }
    }
}
