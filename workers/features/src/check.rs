//! What makes no sense among the keys, and what would.
use crate::choices::*;
use crate::keys::{Keys, Reference};
use crate::mel;

/// `Err` with this message unless `holds`.
macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        let holds: bool = $holds;
        if !holds {
            return Err(format!($($message)+));
        }
    };
}

/// FFTs and hops up to so many samples; more is a mistake, and would not fit in memory.
const LONGEST: usize = 1 << 20;

impl Keys {
    /// Refuses keys that make no sense: which, why, and the number that would work.
    pub fn check(&self) -> Result<(), String> {
        ensure!(self.sample_rate > 0, "`sample_rate` is 0; write hertz, such as 16000");
        let scale = self.input_scale;
        ensure!(scale.is_finite() && scale > 0.0, "`input_scale` is {scale}; write 1, or 32768 for 16 bits");
        self.check_frame()?;
        self.check_window()?;
        self.check_padding()?;
        self.check_spectrum()?;
        if matches!(self.kind, Kind::Mel | Kind::Mfcc) {
            self.check_mel()?;
        }
        self.check_log()?;
        self.check_range()?;
        if self.kind == Kind::Mfcc {
            self.check_mfcc()?;
        }
        self.check_energy()?;
        self.check_deltas()?;
        self.check_cmvn()
    }

    fn check_frame(&self) -> Result<(), String> {
        let frame = &self.frame;
        let (n_fft, win, hop) = (frame.n_fft, frame.win_length, frame.hop);
        ensure!((1..=LONGEST).contains(&n_fft), "`frame.n_fft` is {n_fft}; write 1 to {LONGEST} samples");
        ensure!(win > 0, "`frame.win_length` is 0; write up to `frame.n_fft` = {n_fft} samples");
        let larger = win.next_power_of_two();
        ensure!(
            win <= n_fft,
            "`frame.win_length` = {win} is over `frame.n_fft` = {n_fft}; an FFT of {larger} holds it"
        );
        ensure!(hop > 0, "`frame.hop` is 0; write samples, such as {}", (win / 4).max(1));
        ensure!(hop <= win, "`frame.hop` = {hop} skips samples: it is over `frame.win_length`; {win} would work");
        Ok(())
    }

    fn check_window(&self) -> Result<(), String> {
        let frame = &self.frame;
        let (exponent, win) = (frame.window_exponent, frame.win_length);
        ensure!(
            exponent.is_finite() && exponent > 0.0,
            "`frame.window_exponent` is {exponent}; write 1, or 0.5 for a root"
        );
        match (frame.window, frame.window_param) {
            (Window::Kaiser, Some(beta)) => {
                ensure!(
                    (0.0..=50.0).contains(&beta),
                    "`frame.window_param` = {beta} is no beta; write 0 to 50, as 8.6"
                );
            }
            (Window::Blackman, Some(a)) => {
                ensure!((0.0..=0.5).contains(&a), "`frame.window_param` = {a} is not within 0 and 0.5; write 0.42");
            }
            (window, Some(_)) => {
                return Err(format!(
                    "`frame.window_param` means nothing to `{}`; leave it out, or take kaiser or blackman",
                    window.name()
                ));
            }
            _ => {}
        }
        if frame.window == Window::File {
            let len = frame.window_values.len();
            ensure!(
                len == win,
                "`frame.window_values` has {len} numbers, and `frame.win_length` is {win}; write {len}"
            );
            let finite = frame.window_values.iter().all(|w| w.is_finite());
            ensure!(finite, "`frame.window_values` holds numbers that are not finite");
            ensure!(
                exponent.fract() == 0.0 || frame.window_values.iter().all(|w| *w >= 0.0),
                "`frame.window_exponent` = {exponent} of a window with negative values; write 1"
            );
        }
        let table = crate::window::table(self);
        ensure!(
            table.iter().any(|w| *w != 0.0),
            "`frame.win_length` = {win} makes a `{}` window of zeros; write more samples",
            frame.window.name()
        );
        Ok(())
    }

    fn check_padding(&self) -> Result<(), String> {
        let frame = &self.frame;
        let span = if frame.window_place == WindowPlace::Center { frame.n_fft } else { frame.win_length };
        for (key, pad) in [("frame.pad_left", frame.pad_left), ("frame.pad_right", frame.pad_right)] {
            ensure!(
                pad == 0 || frame.edges == Edges::Snip,
                "`{key}` = {pad} and `frame.edges` = \"{}\" both pad; write edges = \"snip\", or no pad",
                frame.edges.name()
            );
            ensure!(pad < span, "`{key}` = {pad} makes frames of padding alone; write up to {}", span - 1);
        }
        let dropped = frame.drop_last;
        ensure!(dropped <= 1000, "`frame.drop_last` is {dropped}; write 0, or 1 as Whisper");
        let k = frame.preemphasis;
        ensure!((0.0..=1.0).contains(&k), "`frame.preemphasis` is {k}; write 0 to 1, such as 0.97");
        let dither = frame.dither;
        ensure!(dither.is_finite() && dither >= 0.0, "`frame.dither` is {dither}; write 0 for none");
        Ok(())
    }

    fn check_spectrum(&self) -> Result<(), String> {
        let (power, eps) = (self.spectrum.power, self.spectrum.eps);
        ensure!(power == 1.0 || power == 2.0, "`spectrum.power` is {power}; write 2 for power, or 1 for magnitude");
        ensure!(eps.is_finite() && eps >= 0.0, "`spectrum.eps` is {eps}; write 0, or a little such as 1e-9");
        ensure!(
            eps == 0.0 || self.kind != Kind::Stft,
            "`spectrum.eps` = {eps} is for power: `type` = \"stft\" has none"
        );
        Ok(())
    }

    fn check_mel(&self) -> Result<(), String> {
        let (mel, bins, nyquist) = (&self.mel, self.bins(), f64::from(self.sample_rate) / 2.0);
        let (bands, low, high) = (mel.bands, mel.fmin, self.fmax());
        ensure!(bands > 0, "`mel.bands` is 0; write a number, such as 80");
        ensure!(
            bands <= bins,
            "`mel.bands` = {bands} is over the {bins} bins of `frame.n_fft` = {}; {} would work",
            self.frame.n_fft,
            self.fitting()
        );
        ensure!(low.is_finite() && low >= 0.0, "`mel.fmin` is {low}; write 0 or more hertz");
        ensure!(
            high.is_finite() && high <= nyquist,
            "`mel.fmax` = {} is over half of `sample_rate`; write up to {nyquist}",
            mel.fmax
        );
        ensure!(
            low < high,
            "`mel.fmin` = {low} is not under `mel.fmax` = {high}; write less, such as 0, or a higher fmax"
        );
        if let Some(band) = mel::first_empty(self).filter(|_| !mel.empty) {
            let n_fft = self.frame.n_fft;
            let way_out = self.fitting();
            return Err(format!(
                "`mel.bands` = {bands}: band {band} lies between the bins of `frame.n_fft` = {n_fft}; {way_out} would \
                 work, and `mel.empty` = true is for models that were trained so"
            ));
        }
        Ok(())
    }

    /// What would leave no band empty.
    fn fitting(&self) -> String {
        let mut keys = self.clone();
        let fits = |keys: &Keys| keys.mel.bands <= keys.bins() && mel::first_empty(keys).is_none();
        let n_fft = (1..=8).map(|k| self.frame.n_fft.saturating_mul(1 << k)).take_while(|n| *n <= LONGEST).find(|n| {
            keys.frame.n_fft = *n;
            fits(&keys)
        });
        keys.frame.n_fft = self.frame.n_fft;
        let bands = (1..=self.mel.bands.min(self.bins())).rev().find(|bands| {
            keys.mel.bands = *bands;
            fits(&keys)
        });
        match (n_fft, bands) {
            (Some(n_fft), Some(bands)) => format!("n_fft = {n_fft} or bands = {bands}"),
            (Some(n_fft), None) => format!("n_fft = {n_fft}"),
            (None, Some(bands)) => format!("bands = {bands}"),
            (None, None) => "a wider `mel.fmin` to `mel.fmax`".into(),
        }
    }

    fn check_log(&self) -> Result<(), String> {
        let log = &self.log;
        let none = log.kind == LogKind::None;
        ensure!(
            none || self.kind != Kind::Stft,
            "`log.kind` = \"{}\" of complex bins; write `type` = \"spectrogram\", or kind = \"none\"",
            log.kind.name()
        );
        ensure!(
            !none || self.kind != Kind::Mfcc,
            "`log.kind` is \"none\", and cepstra are of logarithms; write \"ln\""
        );
        let floor = log.floor;
        ensure!(
            none || floor >= f64::from(f32::MIN_POSITIVE) && floor <= 1e30,
            "`log.floor` is {floor}: a logarithm needs more than 0, such as 1e-10"
        );
        for (key, value) in [("log.post_scale", log.post_scale), ("log.post_offset", log.post_offset)] {
            ensure!(value.is_finite(), "`{key}` is {value}; write a finite number");
        }
        Ok(())
    }

    fn check_range(&self) -> Result<(), String> {
        let log = &self.log;
        let (none, range) = (log.kind == LogKind::None, log.range);
        ensure!(range.is_finite() && range >= 0.0, "`log.range` is {range}; write 80 for decibels, or 0 for none");
        ensure!(!none || range == 0.0, "`log.range` = {range} is of logarithms; write a `log.kind`, or range = 0");
        match log.reference {
            Reference::Number(r) => {
                ensure!(r.is_finite() && r > 0.0, "`log.ref` is {r}; write a number over 0, or \"max\"");
            }
            Reference::Max => {
                ensure!(
                    log.range_scope != RangeScope::Fixed,
                    "`log.ref` = \"max\" and `log.range_scope` = \"fixed\"; write the maximum as ref, such as 1"
                );
                ensure!(log.kind == LogKind::Db, "`log.ref` = \"max\" is of decibels; write `log.kind` = \"db\"");
            }
        }
        let frames = log.range_window;
        ensure!(
            log.range_scope != RangeScope::Window || (1..=1_000_000).contains(&frames),
            "`log.range_window` is {frames}; write 1 to 1000000 frames"
        );
        Ok(())
    }

    fn check_mfcc(&self) -> Result<(), String> {
        let (mfcc, bands) = (&self.mfcc, self.mel.bands);
        let most = if mfcc.c0 == C0::Drop { bands - 1 } else { bands };
        ensure!(mfcc.n > 0, "`mfcc.n` is 0; write a number, such as 13");
        ensure!(mfcc.n <= most, "`mfcc.n` = {} of `mel.bands` = {bands}; write up to {most}", mfcc.n);
        let lifter = mfcc.lifter;
        ensure!(lifter.is_finite() && lifter >= 0.0, "`mfcc.lifter` is {lifter}; write 0 for none, or 22");
        ensure!(
            mfcc.c0 != C0::Energy || self.energy.mode != EnergyMode::None,
            "`mfcc.c0` = \"energy\" and `energy.mode` = \"none\"; write mode = \"raw\""
        );
        Ok(())
    }

    fn check_energy(&self) -> Result<(), String> {
        let (mode, floor) = (self.energy.mode, self.energy.floor);
        ensure!(
            mode == EnergyMode::None || self.kind != Kind::Stft,
            "`energy.mode` = \"{}\" beside complex bins; write \"none\", or another `type`",
            mode.name()
        );
        ensure!(floor.is_finite() && floor >= 0.0, "`energy.floor` is {floor}; write 0, or 1 as HTK");
        Ok(())
    }

    fn check_deltas(&self) -> Result<(), String> {
        let (order, window) = (self.deltas.order, self.deltas.window);
        ensure!(order <= 8, "`deltas.order` is {order}; write 1, 2 for accelerations, or 0 for none");
        ensure!((1..=100).contains(&window), "`deltas.window` is {window}; write 1 to 100 frames, such as 2");
        Ok(())
    }

    fn check_cmvn(&self) -> Result<(), String> {
        let cmvn = &self.cmvn;
        let (window, least) = (cmvn.window, cmvn.min_window);
        ensure!(cmvn.mode != CmvnMode::File || !cmvn.file.is_empty(), "`cmvn.file` is empty; write where the sums are");
        if cmvn.mode == CmvnMode::Sliding {
            ensure!(
                (1..=1_000_000).contains(&window),
                "`cmvn.window` is {window}; write 1 to 1000000 frames, such as 600"
            );
            let fits = cmvn.center || (1..=window).contains(&least);
            ensure!(fits, "`cmvn.min_window` is {least}; write 1 to `cmvn.window` = {window}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
