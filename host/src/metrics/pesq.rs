//! Perceptual evaluation of speech quality.
use super::QualityError;
use pesq::types::{RATE_8K, RATE_16K, SignalBuffer};
use pesq::{PesqError, disturbance, input, psychoacoustic, score};
use std::panic::catch_unwind;

/// MOS-LQO: wide band at 16 kHz (ITU-T P.862.2), narrow band at 8 kHz (P.862 with the mapping of P.862.1).
pub fn mos(metric: &'static str, reference: &[f32], signal: &[f32], rate: u32) -> Result<f64, QualityError> {
    // The level of silence cannot be set.
    if signal.iter().all(|sample| *sample == 0.0) {
        return Err(QualityError::NoUtterance { metric });
    }
    // The crate indexes by delays that it estimates, and some of what is damaged leads them astray: 17 of 6500 pieces of
    // speech with gaps, noise and jumps. `overflow-checks` in Cargo.toml ends it there in a release too, as in tests.
    match catch_unwind(|| listen(reference, signal, rate)) {
        Ok(Ok(figure)) => Ok(figure),
        Ok(Err(PesqError::NoUtterancesFound)) => Err(QualityError::NoUtterance { metric }),
        Ok(Err(PesqError::SignalTooShort { samples: found })) => {
            Err(QualityError::TooShort { metric, needed: rate as usize / 4, found })
        }
        Err(_) => Err(QualityError::NoFigure { metric }),
    }
}

/// What `pesq::pesq_wb` and `pesq_8k` do. They take samples of 16 bits: what is quiet would be rounded, which costs up to
/// 0.15 MOS at −40 dB.
fn listen(reference: &[f32], signal: &[f32], rate: u32) -> Result<f64, PesqError> {
    let wide = rate == 16000;
    // The model sets the level of both itself; this one is far from the limits of its numbers.
    let peak = reference.iter().chain(signal).fold(0f32, |peak, sample| peak.max(sample.abs()));
    let full = f64::from(i16::MAX) / f64::from(peak);
    let buffer = |samples: &[f32]| {
        let mut buffer = SignalBuffer::from_pcm_at(&vec![0; samples.len()], if wide { RATE_16K } else { RATE_8K })?;
        let start = buffer.signal_start();
        for (to, sample) in buffer.samples[start..].iter_mut().zip(samples) {
            *to = (f64::from(*sample) * full) as f32;
        }
        Ok(buffer)
    };
    let process = if wide { input::process_pair_wideband } else { input::process_pair };
    let pair = process(buffer(reference)?, buffer(signal)?)?;
    let model = psychoacoustic::run_frame_loop(&pair.reference, &pair.degraded, &pair.utterances);
    let frames = disturbance::frame_disturbances(&pair.reference, &pair.degraded, &pair.utterances);
    let found = disturbance::aggregate(&frames, model.frame_range.start);
    let raw = f64::from(score::raw_score(found.symmetric, found.asymmetric));
    Ok(f64::from(if wide { score::mos_lqo_wb(raw) } else { score::mos_lqo(raw) }))
}
