//! Refusals, and that what is not refused runs.
use super::*;
use crate::{Extractor, History};

/// What an author did, and how the refusal starts.
type Mistake<'a> = (&'a dyn Fn(&mut Keys), &'a str);

fn refusal(kind: Kind, set: impl Fn(&mut Keys)) -> String {
    let mut keys = Keys::new(kind, 16000);
    keys.log.kind = if kind == Kind::Stft { LogKind::None } else { LogKind::Ln };
    assert_eq!(keys.check(), Ok(()));
    set(&mut keys);
    keys.check().unwrap_err()
}

/// Which bands are empty: `librosa.filters.mel(sr=16000, n_fft=400, n_mels=128, htk=True)` of librosa 0.11.
#[test]
fn empty_bands_are_named_with_what_would_fill_them() {
    let error = refusal(Kind::Mel, |keys| (keys.mel.bands, keys.mel.scale) = (128, MelScale::Htk));
    let expected = "`mel.bands` = 128: band 0 lies between the bins of `frame.n_fft` = 400; \
                    n_fft = 800 or bands = 89 would work, and `mel.empty` = true is for models that were trained so";
    assert_eq!(error, expected);
    for (n_fft, bands) in [(800, 128), (400, 89)] {
        let mut keys = Keys::new(Kind::Mel, 16000);
        (keys.frame.n_fft, keys.mel.bands, keys.mel.scale) = (n_fft, bands, MelScale::Htk);
        assert_eq!(keys.check(), Ok(()));
    }
    let mut keys = Keys::new(Kind::Mel, 16000);
    (keys.mel.bands, keys.mel.scale, keys.mel.empty) = (128, MelScale::Htk, true);
    assert_eq!(keys.check(), Ok(()));
    let error = refusal(Kind::Mel, |keys| keys.mel.bands = 300);
    assert!(error.starts_with("`mel.bands` = 300 is over the 201 bins of `frame.n_fft` = 400; n_fft = "), "{error}");
    let error = refusal(Kind::Mel, |keys| (keys.mel.bands, keys.mel.fmin, keys.mel.fmax) = (1, 1001.0, 1002.0));
    assert!(error.contains("band 0 lies between the bins"), "{error}");
}

#[test]
fn frames_that_cannot_be_are_refused() {
    let cases: [Mistake; 13] = [
        (&|k| k.frame.hop = 500, "`frame.hop` = 500 skips samples: it is over `frame.win_length`; 400 would work"),
        (&|k| k.frame.hop = 0, "`frame.hop` is 0; write samples, such as 100"),
        (&|k| k.frame.win_length = 512, "`frame.win_length` = 512 is over `frame.n_fft` = 400; an FFT of 512 holds"),
        (&|k| k.frame.n_fft = 0, "`frame.n_fft` is 0; write 1 to"),
        (&|k| (k.frame.window, k.frame.window_param) = (Window::Kaiser, Some(-1.0)), "`frame.window_param` = -1"),
        (&|k| k.frame.window_param = Some(1.0), "`frame.window_param` means nothing to `hann`"),
        (&|k| k.frame.window = Window::File, "`frame.window_values` has 0 numbers, and `frame.win_length` is 400"),
        (&|k| (k.frame.win_length, k.frame.hop) = (1, 1), "`frame.win_length` = 1 makes a `hann` window of zeros"),
        (&|k| k.frame.pad_left = 1, "`frame.pad_left` = 1 and `frame.edges` = \"center\" both pad"),
        (&|k| (k.frame.edges, k.frame.pad_right) = (Edges::Snip, 400), "`frame.pad_right` = 400 makes frames of"),
        (&|k| k.frame.preemphasis = 97.0, "`frame.preemphasis` is 97; write 0 to 1"),
        (&|k| k.frame.dither = f64::NAN, "`frame.dither` is NaN"),
        (&|k| k.spectrum.power = 3.0, "`spectrum.power` is 3; write 2 for power, or 1"),
    ];
    for (set, expected) in cases {
        let error = refusal(Kind::Mel, set);
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn bands_logarithms_and_cepstra_that_cannot_be_are_refused() {
    let cases: [Mistake; 16] = [
        (&|k| k.mel.fmin = 8000.0, "`mel.fmin` = 8000 is not under `mel.fmax` = 8000"),
        (&|k| k.mel.fmax = 9000.0, "`mel.fmax` = 9000 is over half of `sample_rate`; write up to 8000"),
        (&|k| k.mel.fmax = -8000.0, "`mel.fmin` = 0 is not under `mel.fmax` = 0"),
        (&|k| k.mfcc.n = 81, "`mfcc.n` = 81 of `mel.bands` = 80; write up to 80"),
        (&|k| (k.mfcc.n, k.mfcc.c0) = (80, C0::Drop), "`mfcc.n` = 80 of `mel.bands` = 80; write up to 79"),
        (&|k| k.mfcc.c0 = C0::Energy, "`mfcc.c0` = \"energy\" and `energy.mode` = \"none\"; write mode = \"raw\""),
        (&|k| k.log.kind = LogKind::None, "`log.kind` is \"none\", and cepstra are of logarithms"),
        (&|k| k.log.floor = 0.0, "`log.floor` is 0: a logarithm needs more than 0"),
        (&|k| k.log.reference = Reference::Max, "`log.ref` = \"max\" is of decibels"),
        (
            &|k| (k.log.reference, k.log.range_scope) = (Reference::Max, RangeScope::Fixed),
            "`log.ref` = \"max\" and `log.range_scope` = \"fixed\"; write the maximum as ref",
        ),
        (
            &|k| (k.log.range_scope, k.log.range_window) = (RangeScope::Window, 0),
            "`log.range_window` is 0; write 1 to 1000000 frames",
        ),
        (&|k| k.log.range = -1.0, "`log.range` is -1; write 80 for decibels"),
        (&|k| k.deltas.window = 0, "`deltas.window` is 0; write 1 to 100"),
        (&|k| k.cmvn.mode = CmvnMode::File, "`cmvn.file` is empty"),
        (
            &|k| (k.cmvn.mode, k.cmvn.window) = (CmvnMode::Sliding, 50),
            "`cmvn.min_window` is 100; write 1 to `cmvn.window` = 50",
        ),
        (&|k| k.input_scale = 0.0, "`input_scale` is 0; write 1, or 32768"),
    ];
    for (set, expected) in cases {
        let error = refusal(Kind::Mfcc, set);
        assert!(error.starts_with(expected), "{error}");
    }
    let error = refusal(Kind::Stft, |keys| keys.energy.mode = EnergyMode::Raw);
    assert!(error.starts_with("`energy.mode` = \"raw\" beside complex bins"), "{error}");
}

/// What passes the check computes numbers, in the smallest sizes too.
#[test]
fn what_is_not_refused_runs() {
    let mut ran = 0;
    for kind in [Kind::Stft, Kind::Spectrogram, Kind::Mel, Kind::Mfcc] {
        for n_fft in 1..12 {
            for (win, hop) in [(1, 1), (n_fft, 1), (n_fft, n_fft), (n_fft / 2, 1)] {
                for (edges, place) in [(Edges::Center, WindowPlace::Center), (Edges::Round, WindowPlace::Start)] {
                    let mut keys = Keys::new(kind, 16000);
                    (keys.frame.n_fft, keys.frame.win_length, keys.frame.hop) = (n_fft, win, hop);
                    (keys.frame.edges, keys.frame.window_place) = (edges, place);
                    (keys.frame.pad, keys.frame.remove_dc, keys.mel.bands, keys.mfcc.n) = (Pad::Reflect, true, 1, 1);
                    keys.log.kind = if kind == Kind::Stft { LogKind::None } else { LogKind::Log10 };
                    let Ok(mut extractor) = Extractor::new(&keys) else { continue };
                    let mut history = History::new(extractor.frames().memory() + 3);
                    history.push(&[0.5, -0.25, 1.0]);
                    let mut out = vec![f32::NAN; extractor.width()];
                    for t in 0..extractor.frames().count(3) {
                        extractor.frame(&history, t, Some(3), &mut out);
                        assert!(out.iter().all(|x| x.is_finite()), "{keys:?}: {out:?}");
                        ran += 1;
                    }
                }
            }
        }
    }
    assert!(ran > 200, "{ran}");
}
