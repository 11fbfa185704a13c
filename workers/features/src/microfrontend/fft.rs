//! The FFT of real 16-bit samples, in 16 bits.
//!
//! An N-point FFT of reals is an N/2-point FFT of complex numbers, sample pairs, and one pass that takes the two halves of
//! the spectrum apart. The complex one goes in steps of radix 4, and one of radix 2 where N/2 is no power of 4. Every step
//! first divides by its radix, so that nothing outgrows 16 bits and bins come out divided by N. The division is a
//! multiplication by ⌊32767 / radix⌋ / 32768, every product is rounded half up, and sums wrap: the bits depend on all three,
//! and on the order of the steps, which is kissfft's.

use std::f64::consts::PI;

/// A complex number; as a factor its parts have 15 fraction bits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Complex {
    /// Real part.
    pub re: i16,
    /// Imaginary part.
    pub im: i16,
}

impl Complex {
    /// The point of the unit circle at `angle`. One is 32767 / 32768.
    fn turn(angle: f64) -> Self {
        let quantise = |x: f64| libm::floor(0.5 + 32767.0 * x) as i16;
        Self { re: quantise(libm::cos(angle)), im: quantise(libm::sin(angle)) }
    }

    fn times(self, by: Self) -> Self {
        let (a, b) = (self.wide(), by.wide());
        Self { re: round(a.0 * b.0 - a.1 * b.1), im: round(a.0 * b.1 + a.1 * b.0) }
    }

    /// The number over `RADIX`, a little less as 32767 stands for one.
    fn over<const RADIX: i32>(self) -> Self {
        let (re, im) = self.wide();
        Self { re: round(re * (32767 / RADIX)), im: round(im * (32767 / RADIX)) }
    }

    fn plus(self, other: Self) -> Self {
        Self { re: self.re.wrapping_add(other.re), im: self.im.wrapping_add(other.im) }
    }

    fn minus(self, other: Self) -> Self {
        Self { re: self.re.wrapping_sub(other.re), im: self.im.wrapping_sub(other.im) }
    }

    /// The number times −i: a quarter turn back.
    fn turned_back(self) -> Self {
        Self { re: self.im, im: self.re.wrapping_neg() }
    }

    fn conjugate(self) -> Self {
        Self { re: self.re, im: self.im.wrapping_neg() }
    }

    fn wide(self) -> (i32, i32) {
        (i32::from(self.re), i32::from(self.im))
    }
}

/// Drops 15 fraction bits, half up; what does not fit in 16 bits wraps.
fn round(product: i32) -> i16 {
    ((product + 0x4000) >> 15) as i16
}

/// One pass over all points, that makes FFTs of `radix · turns.len()` points from `radix` FFTs of `turns.len()` each.
#[derive(Clone, Debug)]
struct Step {
    radix: usize,
    /// Factors of the points of the second, third and fourth FFT (one of radix 2 uses the first).
    turns: Box<[[Complex; 3]]>,
}

/// An FFT of a power of two of real samples, at least 4.
#[derive(Clone, Debug)]
pub struct RealFft {
    /// Which pair of samples each point starts from.
    order: Box<[u16]>,
    /// In the order they are done.
    steps: Box<[Step]>,
    /// Factors that take the halves of the spectrum apart, for bins from 1 to a quarter of the samples.
    halves: Box<[Complex]>,
    points: Box<[Complex]>,
    bins: Box<[Complex]>,
}

impl RealFft {
    /// Tables for `len` samples.
    pub fn new(len: usize) -> Self {
        let points = len / 2;
        let mut steps = Vec::new();
        let mut order = vec![0_u16; points];
        // From the last step, over all points, to the first: `ffts` of `size` points each are still to be made.
        let (mut ffts, mut size) = (1, points);
        while size > 1 {
            let radix = if size % 4 == 0 { 4 } else { 2 };
            size /= radix;
            let turn = |u, q| Complex::turn(-2.0 * PI * (q * u * ffts) as f64 / points as f64);
            steps.push(Step { radix, turns: (0..size).map(|u| [turn(u, 1), turn(u, 2), turn(u, 3)]).collect() });
            for (point, from) in order.iter_mut().enumerate() {
                *from += (point / size % radix * ffts) as u16;
            }
            ffts *= radix;
        }
        steps.reverse();
        let half = |k: usize| Complex::turn(-PI * (k as f64 / points as f64 + 0.5));
        Self {
            order: order.into(),
            steps: steps.into(),
            halves: (1..=points / 2).map(half).collect(),
            points: vec![Complex::default(); points].into(),
            bins: vec![Complex::default(); points].into(),
        }
    }

    /// The spectrum of `samples` shifted up by `shift` bits and divided by the size; samples that are missing are 0. It has
    /// the bins from 0 to below half the sample rate; bin 0 is left at 0, as no filter reaches it.
    pub fn transform(&mut self, samples: &[i16], shift: u32) -> &[Complex] {
        let sample = |at: usize| samples.get(at).map_or(0, |s| s << shift);
        for (point, &from) in self.points.iter_mut().zip(&self.order) {
            let pair = usize::from(from) * 2;
            *point = Complex { re: sample(pair), im: sample(pair + 1) };
        }
        for step in &self.steps {
            step.run(&mut self.points);
        }
        self.take_halves_apart();
        &self.bins
    }

    /// Point k holds E + iO of the even and the odd samples; bin k is E + O turned, and its mirror E − O turned.
    fn take_halves_apart(&mut self) {
        let len = self.points.len();
        for (k, &turn) in (1..).zip(&self.halves) {
            let (here, there) = (self.points[k].over::<2>(), self.points[len - k].conjugate().over::<2>());
            let (even, odd) = (here.plus(there).wide(), here.minus(there).times(turn).wide());
            let half = |re: i32, im: i32| Complex { re: (re >> 1) as i16, im: (im >> 1) as i16 };
            self.bins[k] = half(even.0 + odd.0, even.1 + odd.1);
            self.bins[len - k] = half(even.0 - odd.0, odd.1 - even.1);
        }
    }
}

impl Step {
    fn run(&self, points: &mut [Complex]) {
        let size = self.turns.len();
        for block in points.chunks_exact_mut(size * self.radix) {
            let (low, high) = block.split_at_mut(size * self.radix / 2);
            if self.radix == 2 {
                radix2(&self.turns, low, high);
            } else {
                let ((a, b), (c, d)) = (low.split_at_mut(size), high.split_at_mut(size));
                radix4(&self.turns, [a, b, c, d]);
            }
        }
    }
}

fn radix2(turns: &[[Complex; 3]], a: &mut [Complex], b: &mut [Complex]) {
    for ((a, b), turn) in a.iter_mut().zip(b).zip(turns) {
        let (even, odd) = (a.over::<2>(), b.over::<2>().times(turn[0]));
        *a = even.plus(odd);
        *b = even.minus(odd);
    }
}

fn radix4(turns: &[[Complex; 3]], [a, b, c, d]: [&mut [Complex]; 4]) {
    for ((((a, b), c), d), turn) in a.iter_mut().zip(b).zip(c).zip(d).zip(turns) {
        let p = a.over::<4>();
        let q = b.over::<4>().times(turn[0]);
        let r = c.over::<4>().times(turn[1]);
        let s = d.over::<4>().times(turn[2]);
        let (sum, difference) = (p.plus(r), p.minus(r));
        let (cross_sum, cross) = (q.plus(s), q.minus(s).turned_back());
        *a = sum.plus(cross_sum);
        *b = difference.plus(cross);
        *c = sum.minus(cross_sum);
        *d = difference.minus(cross);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, in f64, over the size.
    fn dft(samples: &[i16], k: usize) -> (f64, f64) {
        let n = samples.len() as f64;
        samples.iter().enumerate().fold((0.0, 0.0), |(re, im), (t, &x)| {
            let angle = -2.0 * PI * (k * t) as f64 / n;
            (re + f64::from(x) * angle.cos() / n, im + f64::from(x) * angle.sin() / n)
        })
    }

    #[test]
    fn every_size_is_the_fourier_transform_within_its_bits() {
        let mut seed = 1_u32;
        for bits in 2..=12 {
            let samples: Vec<i16> = (0..1 << bits)
                .map(|_| {
                    seed = seed.wrapping_mul(1664525).wrapping_add(1013904223);
                    (seed >> 16) as i16
                })
                .collect();
            let mut fft = RealFft::new(samples.len());
            let bins = fft.transform(&samples, 0);
            assert_eq!(bins.len(), samples.len() / 2);
            for (k, bin) in bins.iter().enumerate().skip(1) {
                let (re, im) = dft(&samples, k);
                assert!((f64::from(bin.re) - re).abs() < 4.0, "{k} of {}: {} {re}", samples.len(), bin.re);
                assert!((f64::from(bin.im) - im).abs() < 4.0, "{k} of {}: {} {im}", samples.len(), bin.im);
            }
        }
    }

    #[test]
    fn a_shift_makes_quiet_samples_loud() {
        let mut fft = RealFft::new(16);
        let loud: Vec<i16> = (0..12).map(|n| n * 1024).collect();
        let quiet: Vec<i16> = (0..12).collect();
        let expected = fft.transform(&loud, 0).to_vec();
        assert_eq!(fft.transform(&quiet, 10), expected);
    }
}
