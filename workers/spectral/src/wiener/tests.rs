//! What a listener would notice.
use super::*;
use crate::bench::{Heard, apart, noise, refusal, through};
use crate::istft::Istft;
use crate::stft::Stft;
use std::f32::consts::TAU;

/// Something like speech: after half a second a gliding voice, two syllables every second and a half.
fn speech(rate: usize, seconds: f32) -> Vec<f32> {
    let mut phase = 0.0;
    let sample = |n| {
        let t = n as f32 / rate as f32;
        let pitch = 130.0 + 25.0 * (TAU * 0.7 * t).sin();
        phase = (phase + pitch / rate as f32) % 1.0;
        let syllable = if t % 1.5 > 0.5 { (TAU * 2.0 * t).sin().max(0.0) } else { 0.0 };
        let voice: f32 = (1..=20).map(|h| (TAU * h as f32 * phase).sin() / h as f32).sum();
        0.2 * syllable * voice
    };
    (0..(seconds * rate as f32) as usize).map(sample).collect()
}

fn mixed(a: &[f32], b: &[f32], gain: f32) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + gain * b).collect()
}

fn power(sound: &[f32]) -> f32 {
    sound.iter().map(|x| x * x).sum::<f32>() / sound.len() as f32
}

fn db(ratio: f32) -> f32 {
    10.0 * ratio.log10()
}

/// Scale-invariant signal-to-distortion ratio in dB (Le Roux et al., ICASSP 2019).
fn si_sdr(clean: &[f32], sound: &[f32]) -> f32 {
    let scale = clean.iter().zip(sound).map(|(c, s)| c * s).sum::<f32>() / clean.iter().map(|c| c * c).sum::<f32>();
    let target: Vec<f32> = clean.iter().map(|c| scale * c).collect();
    db(power(&target) / power(&mixed(&target, sound, -1.0)))
}

/// Sound through `stft`, `wiener` and `istft`, in step with the input. The frame is 32 ms long, the hop a quarter.
fn cleaned(rate: usize, sound: &[f32], params: &[(&str, Given)]) -> Vec<f32> {
    let size = 32 * rate / 1000;
    let format = Format::audio(1, rate as u32);
    let answer = Answer { format, frames: 0, latency: 0, tail: 0 };
    let flush = size - size / 4;
    let planes = vec![[sound, &vec![0.0; flush][..]].concat()];
    let window = ("window", "sqrt_hann".into());
    let stft = [("size", (size as f64).into()), ("hop", (size as f64 / 4.0).into()), window.clone()];
    let mut spectrum = Heard { planes, answer }.to::<Stft>(&stft).unwrap().to::<Wiener>(params).unwrap();
    // The rig's graphs run at 16 kHz.
    spectrum.answer.format = spectrum.answer.format.paced(16000, rate as u32).unwrap();
    spectrum.to::<Istft>(&[window]).unwrap().planes[0][flush..].to_vec()
}

/// Five bins, 125 times a second.
fn narrow(channels: u32) -> Format {
    Format::audio(channels, 16000).carrying(Kind::SPECTRUM, 5).paced(1, 128).unwrap()
}

/// 120 frames of five bins: noise that grows by 10 dB after frame 80, and in two bins a burst in the last 10 of every 40.
fn bursts() -> Vec<f32> {
    let mut spectrum = noise(7, 120 * 10);
    for (k, frame) in spectrum.chunks_exact_mut(10).enumerate() {
        for value in &mut frame[2..6] {
            *value *= if k % 40 >= 30 { 8.0 } else { 1.0 };
        }
        for value in frame {
            *value *= if k >= 80 { 3.0 } else { 1.0 };
        }
    }
    spectrum
}

fn outputs(rig: &mut Rig, spectrum: &[f32]) -> [Vec<f32>; 2] {
    let mut out = rig.run(&[&[spectrum]]);
    [out.remove(0).remove(0), out.remove(0).remove(0)]
}

fn bench() -> Rig {
    Rig::new::<Wiener>(&[], &[("in", narrow(1))], &["out", "mask"]).unwrap()
}

/// The same method in numpy, in double precision, with `scipy.special.exp1`.
#[test]
fn gains_are_those_of_the_papers() {
    let numpy = [
        (0, [0.100_000, 0.100_000, 0.100_000, 0.100_000, 0.100_000]),
        (12, [0.100_000, 0.100_012, 0.100_031, 0.100_014, 0.100_005]),
        (29, [0.100_300, 0.100_000, 0.100_000, 0.100_343, 0.100_000]),
        (31, [0.100_000, 0.988_904, 0.775_793, 0.100_000, 0.100_000]),
        (36, [0.160_736, 0.975_307, 0.986_566, 0.138_829, 0.100_004]),
        (41, [0.113_563, 0.149_781, 1.000_000, 0.127_648, 0.100_000]),
        (79, [0.168_972, 0.979_749, 0.974_711, 0.137_298, 0.100_128]),
        (85, [0.925_669, 0.871_457, 0.923_528, 0.878_534, 0.893_557]),
        (100, [0.782_945, 0.816_400, 0.877_532, 0.440_851, 0.675_414]),
        (115, [0.862_869, 0.997_957, 0.980_885, 0.791_545, 0.264_823]),
    ];
    let spectrum = bursts();
    let [out, mask] = outputs(&mut bench(), &spectrum);
    for (frame, numpy) in numpy {
        let ours = &mask[5 * frame..][..5];
        assert!(apart(ours, &numpy) < 2e-4, "frame {frame}: {ours:?}, not {numpy:?}");
    }
    let weighed: Vec<f32> = spectrum.iter().enumerate().map(|(n, x)| x * mask[n / 2]).collect();
    assert_eq!(out, weighed);
}

#[test]
fn speech_comes_out_of_the_noise_alike_at_every_rate() {
    for rate in [8000, 16000, 48000] {
        let clean = speech(rate, 6.0);
        let noisy = mixed(&clean, &noise(1, clean.len()), 0.1);
        let (before, after) = (si_sdr(&clean, &noisy), si_sdr(&clean, &cleaned(rate, &noisy, &[])));
        assert!(after > before + 9.0, "{rate} Hz: {before} dB, then {after} dB");
    }
}

#[test]
fn noise_alone_goes_down_by_the_reduction() {
    for (reduction, rate) in [(10.0, 16000), (20.0, 8000), (20.0, 16000), (20.0, 48000), (30.0, 16000)] {
        let hiss = noise(2, 4 * rate);
        let left = cleaned(rate, &hiss, &[("reduction_db", reduction.into())]);
        let down = db(power(&hiss) / power(&left[rate..]));
        assert!((down - reduction as f32).abs() < 0.1 * reduction as f32, "{reduction} dB at {rate} Hz: {down} dB");
    }
}

#[test]
fn clean_speech_is_left_alone() {
    let clean = speech(16000, 6.0);
    // From a file with digital silence, and from a quiet room.
    for room in [0.0, 1e-4] {
        let sound = mixed(&clean, &noise(8, clean.len()), room);
        let kept = si_sdr(&clean, &cleaned(16000, &sound, &[]));
        assert!(kept > 20.0, "{kept} dB in a room of {room}");
    }
}

#[test]
fn noise_that_grows_is_turned_down_again_within_seconds() {
    for rate in [8000, 16000, 48000] {
        for rise in [3.0, 10.0, 100.0] {
            let mut hiss: Vec<f32> = noise(3, 6 * rate).iter().map(|x| 0.01 * x).collect();
            hiss[2 * rate..].iter_mut().for_each(|x| *x *= rise);
            let out = cleaned(rate, &hiss, &[]);
            let down = |from: f32| {
                let span = (from * rate as f32) as usize..((from + 1.0) * rate as f32) as usize;
                db(power(&hiss[span.clone()]) / power(&out[span]))
            };
            assert!(down(0.8) > 18.0, "{rate} Hz: {} dB before", down(0.8));
            assert!(down(4.5) > 18.0, "{rate} Hz: {} dB 2.5 s after a rise by {rise}", down(4.5));
        }
    }
}

/// Muted, the microphone gives zeros; what follows is as noisy as it was before.
#[test]
fn a_muted_microphone_teaches_nothing() {
    let mut hiss = noise(4, 5 * 16000);
    hiss[2 * 16000..4 * 16000].fill(0.0);
    let out = cleaned(16000, &hiss, &[]);
    assert!(out[2 * 16000 + 512..4 * 16000 - 512].iter().all(|x| x.abs() < 1e-6));
    let down = db(power(&hiss[4 * 16000..]) / power(&out[4 * 16000..]));
    assert!(down > 18.0, "{down} dB");
}

#[test]
fn strange_input_gives_no_strange_output() {
    let kinds: [fn(usize) -> f32; 6] = [
        |_| 0.0,
        |_| 0.7,
        |n| if n % 3 == 0 { 1e30 } else { -1e25 },
        |n| if n % 2 == 0 { 1e-40 } else { -3e-45 },
        |n| [0.0, f32::MAX, 1e-45][n % 3],
        |n| if n == 0 { 1.0 } else { 0.0 },
    ];
    for (k, kind) in kinds.iter().enumerate() {
        let (mut rig, strange) = (bench(), (0..10 * 300).map(kind).collect::<Vec<f32>>());
        for values in outputs(&mut rig, &strange) {
            assert!(values.iter().all(|value| value.is_finite()), "kind {k}");
        }
        // And what was heard does not stay for ever: a minute later noise is noise.
        let later = outputs(&mut rig, &noise(5, 10 * 125 * 60)).map(|values| values[values.len() - 500..].to_vec());
        let mean = later[1].iter().sum::<f32>() / 500.0;
        assert!(mean < 0.3, "kind {k}: gain {mean}");
    }
}

/// A node upstream fails for one frame: the host sees it, and half a second later all is as if it had not been.
#[test]
fn a_frame_that_is_not_a_number_does_not_stay() {
    let (mut rig, mut other, spectrum) = (bench(), bench(), bursts());
    outputs(&mut rig, &spectrum);
    outputs(&mut other, &spectrum);
    assert!(outputs(&mut rig, &[f32::NAN; 10])[0].iter().all(|x| x.is_nan()));
    let [masks, others] = [&mut rig, &mut other].map(|rig| outputs(rig, &spectrum)[1].clone());
    assert!(apart(&masks[5 * 60..], &others[5 * 60..]) < 0.01);
}

#[test]
fn the_bits_do_not_depend_on_how_the_frames_arrive() {
    let spectrum = bursts();
    let whole = outputs(&mut bench(), &spectrum);
    for cut in [1, 7, 64] {
        let mut rig = bench();
        let mut parts = [vec![], vec![]];
        for piece in spectrum.chunks(10 * cut) {
            for (part, more) in parts.iter_mut().zip(outputs(&mut rig, piece)) {
                part.extend(more);
            }
        }
        assert_eq!(parts, whole, "{cut} frames at a time");
        rig.reset();
        assert_eq!(outputs(&mut rig, &spectrum), whole, "after a reset");
    }
}

#[test]
fn channels_do_not_hear_each_other_and_either_output_will_do() {
    let (left, right) = (bursts(), noise(9, 1200));
    let [out, mask] = outputs(&mut bench(), &left);
    for (port, alone) in [("out", out), ("mask", mask)] {
        let mut rig = Rig::new::<Wiener>(&[], &[("in", narrow(2))], &[port]).unwrap();
        assert_eq!((rig.output(0).frames, rig.output(0).latency), (0, 0));
        assert_eq!(rig.output(0).format.channels, 2);
        assert_eq!(rig.run(&[&[&left, &right]])[0][0], alone, "{port}");
    }
    let heard = Heard { planes: vec![left], answer: Answer { format: narrow(1), frames: 0, latency: 0, tail: 0 } };
    let mask = through::<Wiener>(&[], &[("in", &heard)], "mask").unwrap();
    assert_eq!((mask.answer.format.kind, mask.answer.format.cells()), (Kind::FEATURES, 5));
}

#[test]
fn the_reduction_turns_while_it_plays() {
    let (mut rig, hiss) = (bench(), noise(6, 10 * 250));
    let least = |rig: &mut Rig| outputs(rig, &hiss)[1].iter().fold(1.0, |least: f32, gain| least.min(*gain));
    assert!((least(&mut rig) - 0.1).abs() < 1e-6);
    rig.set::<Wiener>("reduction_db", 6.0);
    assert!((least(&mut rig) - 0.501_187_2).abs() < 1e-6);
    rig.set::<Wiener>("reduction_db", 0.0);
    let [out, _] = outputs(&mut rig, &hiss);
    assert_eq!(out, hiss);
}

/// A new plan goes on with the noise estimate of the old one.
#[test]
fn a_reloaded_worker_continues_where_the_old_one_was() {
    let made = |channels: u32| {
        let values = [20.0, 200.0, 150.0, 100.0];
        let mut worker = Wiener::with(values[0], values[1], values[2], values[3]);
        worker.arrange(narrow(channels));
        worker
    };
    let (mut old, mut new, spectrum) = (made(1), made(1), bursts());
    let mut saved = vec![];
    for (k, frame) in spectrum.chunks_exact(10).enumerate() {
        if k == 70 {
            old.save(&mut saved);
            new.load(&saved).unwrap();
        }
        old.decide(0, frame);
        if k >= 70 {
            new.decide(0, frame);
            assert_eq!(new.gains, old.gains, "frame {k}");
        }
    }
    let stereo = refusal(made(2).load(&saved));
    assert_eq!(stereo, "what was saved has 140 bytes, not 280: it is of another size or channel count");
}
