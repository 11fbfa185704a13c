//! Window functions, in double precision.
use crate::choices::{Window, WindowPlace};
use crate::keys::Keys;
use std::f64::consts::PI;

/// The window over the samples that a frame reads: `n_fft` of them where it is centred in zeros, else `win_length`.
pub fn table(keys: &Keys) -> Vec<f64> {
    let (n_fft, size) = (keys.frame.n_fft, keys.frame.win_length);
    let mut values: Vec<f64> = (0..size).map(|n| value(keys, n).powf(keys.frame.window_exponent)).collect();
    if keys.frame.window_place == WindowPlace::Center {
        let left = (n_fft - size) / 2;
        values.splice(0..0, std::iter::repeat_n(0.0, left));
        values.resize(n_fft, 0.0);
    }
    values
}

/// Formulas: Harris 1978 (hann, hamming .54/.46, blackman, kaiser); Vorbis I specification 1.3.1; Kaldi
/// `feature-window.cc` (povey, and the parameter of blackman).
fn value(keys: &Keys, n: usize) -> f64 {
    let size = keys.frame.win_length;
    let periodic = keys.frame.window_periodic && keys.frame.window != Window::Povey;
    let period = if periodic { size } else { size.saturating_sub(1).max(1) };
    let turn = 2.0 * PI * n as f64 / period as f64;
    // Rounding must not make a negative number that no power is defined for.
    let hann = (0.5 - 0.5 * turn.cos()).max(0.0);
    let half_sine = (PI * (n as f64 + 0.5) / size as f64).sin();
    match keys.frame.window {
        Window::Rect => 1.0,
        Window::Hann => hann,
        Window::Hamming => 0.54 - 0.46 * turn.cos(),
        Window::Blackman => {
            let first = keys.frame.window_param.unwrap_or(0.42);
            first - 0.5 * turn.cos() + (0.5 - first) * (2.0 * turn).cos()
        }
        Window::Povey => hann.powf(0.85),
        Window::Kaiser => {
            let (beta, x) = (keys.frame.window_param.unwrap_or(8.6), turn / PI - 1.0);
            bessel_i0(beta * (1.0 - x * x).max(0.0).sqrt()) / bessel_i0(beta)
        }
        Window::Sine => half_sine,
        Window::Vorbis => (0.5 * PI * half_sine * half_sine).sin(),
        Window::File => keys.frame.window_values.get(n).copied().map_or(0.0, f64::from),
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
    use crate::Kind;

    fn window(shape: Window, param: Option<f64>, periodic: bool) -> Vec<f64> {
        let mut keys = Keys::new(Kind::Stft, 16000);
        (keys.frame.n_fft, keys.frame.win_length) = (8, 8);
        (keys.frame.window, keys.frame.window_param, keys.frame.window_periodic) = (shape, param, periodic);
        table(&keys)
    }

    fn close(ours: &[f64], theirs: &[f64]) {
        assert!(ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-9), "{ours:?} {theirs:?}");
    }

    /// `scipy.signal.windows.NAME(8, sym)` of scipy 1.17.1; `povey` is `hann ** 0.85`, `sine` is scipy's `cosine`.
    #[test]
    fn windows_are_those_of_scipy() {
        let periodic = [
            (Window::Hann, None, [0.0, 0.146446609, 0.5, 0.853553391, 1.0]),
            (Window::Hamming, None, [0.08, 0.214730881, 0.54, 0.865269119, 1.0]),
            (Window::Blackman, None, [0.0, 0.0664466094, 0.34, 0.773553391, 1.0]),
            (Window::Kaiser, None, [0.001332514, 0.0674720792, 0.340393622, 0.773829381, 1.0]),
        ];
        for (shape, param, [a, b, c, d, e]) in periodic {
            close(&window(shape, param, true), &[a, b, c, d, e, d, c, b]);
        }
        let symmetric = [
            (Window::Hann, None, [0.0, 0.188255099, 0.611260467, 0.950484434]),
            (Window::Hamming, None, [0.08, 0.253194691, 0.64235963, 0.954445679]),
            (Window::Blackman, None, [0.0, 0.0904534244, 0.459182958, 0.920363618]),
            (Window::Sine, None, [0.195090322, 0.555570233, 0.831469612, 0.98078528]),
            (Window::Vorbis, None, [0.0597492676, 0.466066185, 0.884749858, 0.998213417]),
            (Window::Povey, None, [0.0, 0.241843676, 0.658100715, 0.957752419]),
            (Window::Kaiser, Some(14.0), [7.72686684e-6, 0.0179640735, 0.272772068, 0.870803732]),
        ];
        for (shape, param, [a, b, c, d]) in symmetric {
            close(&window(shape, param, false), &[a, b, c, d, d, c, b, a]);
        }
    }

    /// `librosa.util.pad_center` puts the odd zero on the right.
    #[test]
    fn a_short_window_stands_in_the_middle_or_at_the_start() {
        let mut keys = Keys::new(Kind::Stft, 16000);
        (keys.frame.n_fft, keys.frame.win_length, keys.frame.window) = (8, 3, Window::Rect);
        assert_eq!(table(&keys), [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
        keys.frame.window_place = WindowPlace::Start;
        assert_eq!(table(&keys), [1.0, 1.0, 1.0]);
    }

    #[test]
    fn the_root_of_a_hann_window_is_half_a_sine() {
        let mut keys = Keys::new(Kind::Stft, 16000);
        (keys.frame.n_fft, keys.frame.win_length, keys.frame.window_exponent) = (8, 8, 0.5);
        let sine: Vec<f64> = (0..8).map(|n| (PI * f64::from(n) / 8.0).sin()).collect();
        close(&table(&keys), &sine);
    }
}
