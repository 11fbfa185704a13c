//! The filterbank: magnitudes of overlapping triangles on the mel scale.

use super::Keys;
use super::fft::Complex;
use super::ln_1p::ln_1p;

/// Fraction bits of a weight.
const WEIGHT_BITS: u32 = 12;

/// How much of a bin two neighbouring channels take; together, all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Share {
    /// Of the channel whose triangle falls here, that ends with this span.
    falling: u16,
    /// Of the channel whose triangle rises here, that starts with this span.
    rising: u16,
}

/// Triangles that overlap by half: their corners cut the bins into spans, and channel c rises in span c and falls in span c + 1.
#[derive(Clone, Debug)]
pub struct Filterbank {
    /// The first bin of span 0.
    first: usize,
    /// Bins of each span, [channels + 1]; low ones may have none.
    spans: Box<[usize]>,
    /// Of each bin, span after span.
    shares: Box<[Share]>,
}

/// Mel of a frequency in Hz: 1127 ln(1 + f / 700), every step rounded to f32, as the weights' last bits hang on it.
fn mel(hz: f32) -> f32 {
    1127.0 * ln_1p(hz / 700.0)
}

fn quantise(weight: f32) -> u16 {
    (weight * (1 << WEIGHT_BITS) as f32 + 0.5).floor() as u16
}

impl Filterbank {
    /// Triangles between `lower` and `upper`, corners evenly spaced in mel, straight in mel. A bin belongs to the span that
    /// ends at or above it; the first is at least half a bin above `lower`.
    pub fn new(keys: &Keys, sample_rate: u32, fft: usize) -> Result<Self, String> {
        let hz_per_bin = 0.5 * sample_rate as f32 / (fft / 2) as f32;
        let limits = Limits { lower: keys.lower, upper: keys.upper, hz_per_bin, bins: fft / 2 };
        let first = limits.first_bin()?;
        let low = mel(keys.lower);
        let spacing = (mel(keys.upper) - low) / (keys.channels + 1) as f32;
        let (mut spans, mut shares) = (Vec::new(), Vec::new());
        let mut start = low;
        for span in 0..=keys.channels {
            let end = low + spacing * (span + 1) as f32;
            let before = shares.len();
            loop {
                let at = mel((first + shares.len()) as f32 * hz_per_bin);
                if at > end {
                    break;
                }
                if first + shares.len() == fft / 2 {
                    return Err(limits.too_high());
                }
                let weight = (end - at) / (end - start);
                shares.push(Share { falling: quantise(weight), rising: quantise(1.0 - weight) });
            }
            spans.push(shares.len() - before);
            start = end;
        }
        if shares.is_empty() {
            return Err(limits.too_narrow(first));
        }
        Ok(Self { first, spans: spans.into(), shares: shares.into() })
    }

    /// Writes the level of each channel into `levels`: the root of its weighted energy, shifted down by `headroom`, the bits
    /// the samples were shifted up.
    pub fn magnitudes(&self, bins: &[Complex], headroom: u32, levels: &mut [u32]) {
        let mut energies = bins[self.first..].iter().zip(&self.shares);
        let (_, rising) = accumulate(&mut energies, self.spans[0]);
        let mut rising_before = rising;
        for (level, &span) in levels.iter_mut().zip(&self.spans[1..]) {
            let (falling, rising) = accumulate(&mut energies, span);
            *level = rounded_root(rising_before.wrapping_add(falling)) >> headroom;
            rising_before = rising;
        }
    }
}

/// The energy that the falling and the rising triangle take from the next `span` bins.
fn accumulate<'a>(bins: &mut impl Iterator<Item = (&'a Complex, &'a Share)>, span: usize) -> (u64, u64) {
    bins.take(span).fold((0, 0), |(falling, rising), (bin, share)| {
        let energy = energy(*bin);
        let taken = |share: u16| energy.wrapping_mul(u64::from(share));
        (taken(share.falling).wrapping_add(falling), taken(share.rising).wrapping_add(rising))
    })
}

/// The squared magnitude; the library keeps it in a signed number, so 2^31, of −32768 − 32768i, would count as negative.
fn energy(bin: Complex) -> u64 {
    let (re, im) = (i32::from(bin.re), i32::from(bin.im));
    i64::from((re * re).wrapping_add(im * im)) as u64
}

/// The square root to the nearest integer; of a number of 32 bits at most 65535, though 65536 may be nearer.
fn rounded_root(square: u64) -> u32 {
    let root = square.isqrt();
    let most = if square <= u64::from(u32::MAX) { 0xFFFF } else { 0xFFFF_FFFF };
    (root + u64::from(square - root * root > root)).min(most) as u32
}

/// Where the channels should lie.
struct Limits {
    lower: f32,
    upper: f32,
    hz_per_bin: f32,
    /// Bins below half the sample rate, with bin 0.
    bins: usize,
}

impl Limits {
    /// The first bin of the filters, once `lower` and `upper` are frequencies that it can be told from.
    fn first_bin(&self) -> Result<usize, String> {
        let Self { lower, upper, .. } = *self;
        // What is left below the last bin, if `upper` is to be above.
        let most = (self.bins as f32 - 2.0) * self.hz_per_bin;
        if !(lower >= 0.0 && lower <= most) {
            return Err(format!("`microfrontend.lower` is {lower} Hz: from 0 to {} work", most.floor()));
        }
        if upper.is_nan() || upper <= lower {
            return Err(format!(
                "`microfrontend.upper` is {upper} Hz, not above `microfrontend.lower` = {lower} Hz: {} works",
                self.highest()
            ));
        }
        if upper >= self.nyquist() {
            return Err(self.too_high());
        }
        Ok((1.5 + lower / self.hz_per_bin) as usize)
    }

    fn nyquist(&self) -> f32 {
        self.bins as f32 * self.hz_per_bin
    }

    /// An upper limit that works: the last bin below half the sample rate.
    fn highest(&self) -> f32 {
        self.nyquist() - self.hz_per_bin
    }

    fn too_high(&self) -> String {
        format!(
            "`microfrontend.upper` is {} Hz, but must stay below {} Hz, half the sample rate: {} works",
            self.upper,
            self.nyquist(),
            self.highest()
        )
    }

    fn too_narrow(&self, first: usize) -> String {
        format!(
            "`microfrontend.upper` is {} Hz: from `microfrontend.lower` = {} Hz up there is no bin, as they are {} Hz apart; {} \
             works",
            self.upper,
            self.lower,
            self.hz_per_bin,
            // Not the bin itself: rounded, its mel may lie above that of the limit.
            (first as f32 + 0.5) * self.hz_per_bin
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bank(channels: u32, lower: f32, upper: f32) -> Result<Filterbank, String> {
        Filterbank::new(&Keys { channels, lower, upper, ..Keys::default() }, 16000, 512)
    }

    #[test]
    fn neighbours_share_every_bin() {
        let bank = bank(32, 125.0, 7500.0).unwrap();
        assert_eq!(bank.spans.iter().sum::<usize>(), bank.shares.len());
        assert_eq!(bank.first, 5, "125 Hz is bin 4, and bin 5 the first above it");
        for share in &bank.shares {
            assert!((4095..=4097).contains(&(share.falling + share.rising)), "{share:?}");
        }
    }

    #[test]
    fn a_tone_is_loudest_in_its_channel() {
        let bank = bank(32, 125.0, 7500.0).unwrap();
        let mut bins = vec![Complex::default(); 256];
        bins[64] = Complex { re: 3000, im: -4000 };
        let mut levels = vec![0; 32];
        bank.magnitudes(&bins, 0, &mut levels);
        let loudest = (0..32).max_by_key(|&c| levels[c]).unwrap();
        let corner = mel(125.0) + (mel(7500.0) - mel(125.0)) / 33.0 * (loudest + 1) as f32;
        assert!((corner - mel(2000.0)).abs() < 40.0, "{loudest}");
        assert_eq!(levels.iter().filter(|&&l| l > 0).count(), 2);
        bank.magnitudes(&bins, 3, &mut levels);
        assert!(levels[loudest] <= 5000 * 64 / 8);
    }

    #[test]
    fn roots_are_rounded_to_the_nearest() {
        for (square, root) in [(0, 0), (1, 1), (2, 1), (3, 2), (6, 2), (7, 3), (u64::from(u32::MAX), 65535)] {
            assert_eq!(rounded_root(square), root, "{square}");
        }
        assert_eq!(rounded_root(u64::from(u32::MAX) + 1), 65536);
        assert_eq!(rounded_root(u64::MAX), u32::MAX);
    }

    #[test]
    fn channels_without_a_place_say_where_there_is_one() {
        let says = |lower, upper| bank(8, lower, upper).unwrap_err();
        assert_eq!(says(-1.0, 4000.0), "`microfrontend.lower` is -1 Hz: from 0 to 7937 work");
        assert_eq!(
            says(400.0, 300.0),
            "`microfrontend.upper` is 300 Hz, not above `microfrontend.lower` = 400 Hz: 7968.75 works"
        );
        let high = says(125.0, 8000.0);
        assert_eq!(
            high,
            "`microfrontend.upper` is 8000 Hz, but must stay below 8000 Hz, half the sample rate: 7968.75 works"
        );
        assert_eq!(
            says(125.0, 130.0),
            "`microfrontend.upper` is 130 Hz: from `microfrontend.lower` = 125 Hz up there is no bin, as they are 31.25 Hz \
             apart; 171.875 works"
        );
        for (lower, upper) in [(0.0, 4000.0), (7937.0, 7968.75), (125.0, 7968.75), (125.0, 171.875)] {
            assert!(bank(8, lower, upper).is_ok(), "{lower} {upper}");
        }
        assert!(bank(8, f32::NAN, 4000.0).is_err());
        assert!(bank(8, 125.0, f32::NAN).is_err());
    }
}
