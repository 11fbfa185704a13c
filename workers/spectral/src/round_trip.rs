//! Chains of these workers, as graphs make them.
use crate::apply_mask::ApplyMask;
use crate::bench::{Heard, apart, noise, through};
use crate::bins::{Bins, Magnitude, Power};
use crate::frame::Frame;
use crate::ifft::Ifft;
use crate::istft::Istft;
use crate::overlap_add::OverlapAdd;
use crate::polar::{FromPolar, Polar};
use crate::stft::Stft;
use aw_sdk::*;

const WINDOWS: [&str; 9] = ["rect", "hann", "hamming", "blackman", "sine", "sqrt_hann", "vorbis", "povey", "kaiser"];

fn spectrum(sound: &Heard, size: usize, hop: usize, window: &str) -> Heard {
    let (size, hop) = (size as f64, hop as f64);
    sound.to::<Stft>(&[("size", size.into()), ("hop", hop.into()), ("window", window.into())]).unwrap()
}

/// The least part of any sample that frames cut with `a` and weighted with `s` let through, counted sample by sample
/// over a long row of frames, with the windows as a signal of ones shows them.
fn least_part(size: usize, hop: usize, a: &str, s: &str) -> f64 {
    let seen = |window: &str| {
        let params = [("size", (size as f64).into()), ("hop", (size as f64).into()), ("window", window.into())];
        Heard::audio(vec![vec![1.0; size]]).to::<Frame>(&params).unwrap().planes.remove(0)
    };
    let (a, s) = (seen(a), seen(s));
    let (mut through, mut weight) = (vec![0.0; 6 * size], vec![0.0; 6 * size]);
    for start in (0..5 * size).step_by(hop) {
        for i in 0..size {
            through[start + i] += f64::from(a[i]) * f64::from(s[i]);
            weight[start + i] += f64::from(s[i]);
        }
    }
    let middle = 2 * size..4 * size;
    middle.map(|n| if weight[n] > 1e-12 { through[n] / weight[n] } else { 0.0 }).fold(1.0, f64::min)
}

#[test]
fn every_pair_of_windows_gives_the_sound_back_or_is_refused() {
    let (mut kept, mut refused) = (0, 0);
    for (size, hops) in [(4, vec![1, 2, 4]), (30, vec![1, 7, 10, 15, 23, 30]), (128, vec![32, 37, 64, 96, 127, 128])] {
        let sound = Heard::audio(vec![noise(size as u32, 7 * size)]);
        for hop in hops {
            for a in WINDOWS {
                let bins = spectrum(&sound, size, hop, a);
                for s in WINDOWS {
                    let what = format!("{a} {s} {size} {hop}");
                    let least = least_part(size, hop, a, s);
                    match bins.to::<Istft>(&[("window", s.into()), ("analysis", a.into())]) {
                        Ok(back) => {
                            assert!(least > 0.0499, "{what} lets {least} through");
                            let (late, back) = (back.answer.latency, &back.planes[0]);
                            assert_eq!(late, size - hop, "{what}");
                            assert!(back[..late].iter().all(|x| x.abs() < 1e-5), "{what}: sound before it was played");
                            let error = apart(&back[late..], &sound.planes[0][..back.len() - late]);
                            assert!(error < 1e-5, "{what}: {error}");
                            kept += 1;
                        }
                        Err(Error(text)) => {
                            assert!(least < 0.0501, "{what}: {least} come through, but: {text}");
                            assert!(
                                [a, s, &size.to_string(), &hop.to_string()].iter().all(|w| text.contains(w)),
                                "{text}"
                            );
                            refused += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(kept > 600 && refused > 200, "{kept} kept, {refused} refused");
}

#[test]
fn the_usual_pairs_are_taken_and_gaps_refused() {
    let sound = Heard::audio(vec![noise(1, 4096)]);
    let back = |hop, window: &str| spectrum(&sound, 512, hop, window).to::<Istft>(&[("window", window.into())]);
    for (hop, window) in [
        (128, "rect"),
        (512, "rect"),
        (128, "hann"),
        (256, "hann"),
        (256, "sqrt_hann"),
        (256, "vorbis"),
        (256, "sine"),
        (512, "hamming"),
        (160, "povey"),
        (128, "blackman"),
    ] {
        assert!(back(hop, window).is_ok(), "{window} {hop}");
    }
    for (hop, window) in [(512, "hann"), (448, "hann"), (512, "vorbis"), (512, "kaiser")] {
        let text = crate::bench::refusal(back(hop, window));
        let hint = text.split("`hop = ").nth(1).and_then(|rest| rest.split('`').next()).unwrap();
        assert!(back(hint.parse().unwrap(), window).is_ok(), "the hint of: {text}");
    }
}

#[test]
fn a_click_arrives_after_the_latency_in_its_own_channel() {
    let mut planes = vec![vec![0.0; 2048]; 3];
    for (channel, plane) in planes.iter_mut().enumerate() {
        plane[700 + 111 * channel] = 1.0;
    }
    let bins = spectrum(&Heard::audio(planes), 480, 120, "hann");
    let back = bins.to::<Istft>(&[]).unwrap();
    assert_eq!((back.answer.latency, back.answer.tail, bins.answer.latency, bins.answer.tail), (360, 0, 0, 3));
    for (channel, plane) in back.planes.iter().enumerate() {
        for (n, x) in plane.iter().enumerate() {
            let click = if n == 700 + 111 * channel + 360 { 1.0 } else { 0.0 };
            assert!((x - click).abs() < 1e-6, "channel {channel}, sample {n}: {x}");
        }
    }
}

/// A graph for a model of two halves: a mask for the spectrum, then a network on the time frames. With models that
/// change nothing, frames of 512 every 128 overlap four times.
#[test]
fn time_frames_of_a_second_model_are_added_as_they_are() {
    let sound = Heard::audio(vec![noise(5, 4096)]);
    let bins = spectrum(&sound, 512, 128, "rect");
    let level = bins.to::<Bins<Magnitude>>(&[]).unwrap();
    let frames = level.answer.format;
    let mask = Heard { planes: vec![vec![1.0; level.planes[0].len()]], answer: level.answer }
        .shaped(Kind::TENSOR, [1, 1, 257, 1]);
    let clean = through::<ApplyMask>(&[], &[("spectrum", &bins), ("mask", &mask)], "out").unwrap();
    let time = clean.to::<Ifft>(&[]).unwrap();
    assert_eq!(time.answer.format, frames.carrying(Kind::FEATURES, 512));
    let speech = time.shaped(Kind::TENSOR, [1, 1, 512, 1]).to::<OverlapAdd>(&[]).unwrap();
    assert_eq!((speech.answer.format, speech.answer.latency), (Format::audio(1, 16000), 384));
    let four: Vec<f32> = sound.planes[0].iter().map(|x| 4.0 * x).collect();
    assert!(apart(&speech.planes[0][384..], &four[..4096 - 384]) < 1e-5);
}

#[test]
fn a_frame_is_what_the_spectrum_of_the_same_hop_was_cut_from() {
    let sound = Heard::audio(vec![noise(6, 1000), noise(7, 1000)]);
    let params = [("size", 64.0.into()), ("hop", 24.0.into()), ("window", "hann".into())];
    let frames = sound.to::<Frame>(&params).unwrap();
    let time = spectrum(&sound, 64, 24, "hann").to::<Ifft>(&[]).unwrap();
    assert_eq!(frames.answer.format, time.answer.format);
    for (a, b) in frames.planes.iter().zip(&time.planes) {
        assert!(apart(a, b) < 1e-6);
    }
    // Frames that were windowed before and after come back even if the graph divides by what the windows add up to.
    let params = [("window", "hann".into()), ("normalise", "sum".into())];
    let back = frames.to::<OverlapAdd>(&params).unwrap();
    assert_eq!(back.answer.latency, 40);
    for (a, b) in back.planes.iter().zip(&sound.planes) {
        assert!(apart(&a[40..], &b[..a.len() - 40]) < 1e-5);
    }
}

#[test]
fn magnitude_and_phase_make_the_spectrum_again() {
    let bins = spectrum(&Heard::audio(vec![noise(8, 2000), noise(9, 2000)]), 256, 64, "blackman");
    let part = |port| through::<Polar>(&[], &[("in", &bins)], port).unwrap();
    let (magnitude, phase) = (part("magnitude"), part("phase"));
    let again = through::<FromPolar>(&[], &[("magnitude", &magnitude), ("phase", &phase)], "out").unwrap();
    assert_eq!(again.answer.format, bins.answer.format);
    for (a, b) in again.planes.iter().zip(&bins.planes) {
        assert!(apart(a, b) < 1e-5);
    }
    let power = bins.to::<Bins<Power>>(&[]).unwrap();
    let squares: Vec<f32> = magnitude.planes[0].iter().map(|m| m * m).collect();
    assert!(apart(&power.planes[0], &squares) < 1e-4);
}

#[test]
fn how_sound_is_cut_into_calls_changes_nothing() {
    let sound = noise(10, 3000);
    let run = |cuts: &[usize]| {
        let params = [("size", 96.0.into()), ("hop", 36.0.into())];
        let mut stft = Rig::new::<Stft>(&params, &[("in", Format::audio(1, 16000))], &["out"]).unwrap();
        let bins = stft.output(0).format;
        let mut level = Rig::new::<Bins<Magnitude>>(&[], &[("in", bins)], &["out"]).unwrap();
        let levels = level.output(0).format;
        let mut mask =
            Rig::new::<ApplyMask>(&[("floor", 0.1.into())], &[("spectrum", bins), ("mask", levels)], &["out"]).unwrap();
        let mut ifft = Rig::new::<Ifft>(&[], &[("in", bins)], &["out"]).unwrap();
        let (mut rest, mut out, mut cut) = (&sound[..], vec![], cuts.iter().cycle());
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(*cut.next().unwrap()));
            rest = later;
            let bins = stft.run(&[&[now]]).remove(0).remove(0);
            let levels = level.run(&[&[&bins]]).remove(0).remove(0);
            let clean = mask.run(&[&[&bins], &[&levels]]).remove(0).remove(0);
            out.extend(ifft.run(&[&[&clean]]).remove(0).remove(0));
        }
        out
    };
    let whole = run(&[3000]);
    assert_eq!(whole.len(), 3000 / 36 * 96);
    for cuts in [&[1][..], &[128], &[37, 1, 480, 5]] {
        assert_eq!(run(cuts), whole, "{cuts:?}");
    }
}

#[test]
fn a_reset_forgets_the_sound_before() {
    let (size, hop) = ((64.0).into(), (16.0).into());
    let mut stft =
        Rig::new::<Stft>(&[("size", size), ("hop", hop)], &[("in", Format::audio(1, 16000))], &["out"]).unwrap();
    let mut istft = Rig::new::<Istft>(&[], &[("in", stft.output(0).format)], &["out"]).unwrap();
    let mut play = |sound: &[f32]| {
        let bins = stft.run(&[&[sound]]).remove(0).remove(0);
        let back = istft.run(&[&[&bins]]).remove(0).remove(0);
        stft.reset();
        istft.reset();
        back
    };
    let first = play(&noise(11, 640));
    play(&noise(12, 320));
    assert_eq!(play(&noise(11, 640)), first);
}

/// A model for 8 kHz in a graph of 16 kHz: frames of 256 samples, 64 apart, come 125 times a second, as those of 128
/// samples apart at 16 kHz do.
#[test]
fn sound_of_another_rate_than_the_graphs_comes_back_at_its_own() {
    let mut sound = Heard::audio(vec![noise(9, 4096)]);
    sound.answer.format = Format::audio(1, 8000);
    let window: (&str, Given) = ("window", "rect".into());
    let frames = sound.to::<Frame>(&[("size", 256.0.into()), ("hop", 64.0.into())]).unwrap();
    let rate: (&str, Given) = ("rate", 8000.0.into());
    let spectra = spectrum(&sound, 256, 64, "rect").to::<Istft>(&[window, rate]).unwrap();
    let rate: (&str, Given) = ("rate", 8000.0.into());
    let frames = frames.to::<OverlapAdd>(&[rate, ("normalise", "sum".into())]).unwrap();
    for back in [spectra, frames] {
        assert_eq!((back.answer.format, back.answer.latency), (Format::audio(1, 8000), 192));
        assert!(apart(&back.planes[0][192..], &sound.planes[0][..4096 - 192]) < 1e-5);
    }
}

/// A channel of one of the recordings that come with the references of the libraries: 16 bits behind a plain header.
fn recording(name: &str, channels: usize) -> Vec<f32> {
    let bytes = std::fs::read(reference_file(&format!("in/{name}"))).unwrap();
    let samples = bytes[44..].as_chunks().0.iter().map(|b| f32::from(i16::from_le_bytes(*b)) / 32768.0);
    samples.step_by(channels).collect()
}

/// What a library computed: float32 behind a header of numpy.
fn library(name: &str) -> Vec<f32> {
    let bytes = std::fs::read(reference_file(&format!("out/{name}.npy"))).unwrap();
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    bytes[header..].as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

fn reference_file(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../features/tests/fixtures").join(name)
}

/// `librosa.istft(librosa.stft(y, n_fft=512, hop_length=128) * gain)`, away from the ends, which librosa pads.
#[test]
fn a_masked_resynthesis_is_that_of_librosa() {
    let theirs = library("p13_istft_hann_75_masked");
    let mut sound = recording("speech16.wav", 1);
    sound.extend([0.0; 512]);
    let bins = spectrum(&Heard::audio(vec![sound]), 512, 128, "hann");
    let gain = |k: usize| (0.55 + 0.45 * (std::f64::consts::TAU * k as f64 / 37.0).cos()) as f32;
    let frames = bins.planes[0].len() / (2 * 257);
    let mask: Vec<f32> = (0..frames).flat_map(|_| (0..257).map(gain)).collect();
    let mask = Heard { planes: vec![mask], answer: bins.answer }.shaped(Kind::FEATURES, [257, 1, 1, 1]);
    let clean = through::<ApplyMask>(&[], &[("spectrum", &bins), ("mask", &mask)], "out").unwrap();
    let ours = clean.to::<Istft>(&[("window", "hann".into())]).unwrap();
    let ours = &ours.planes[0][ours.answer.latency..];
    let inner = 512..theirs.len() - 512;
    let worst = apart(&ours[inner.clone()], &theirs[inner]);
    assert!(worst <= 1e-6, "{worst}");
}

/// Vorbis windows of 960 every 480 samples: their squares add up to one, so nothing is divided by.
#[test]
fn a_vorbis_resynthesis_gives_the_sound_back() {
    let theirs = library("p14_istft_vorbis_960_480_identity");
    let mut sound = recording("sweep48s.wav", 2);
    sound.extend([0.0; 960]);
    let bins = spectrum(&Heard::audio(vec![sound]), 960, 480, "vorbis");
    let ours = bins.to::<Istft>(&[("window", "vorbis".into()), ("normalise", "none".into())]).unwrap();
    let ours = &ours.planes[0][ours.answer.latency..];
    let inner = 960..theirs.len() - 960;
    let worst = apart(&ours[inner.clone()], &theirs[inner]);
    assert!(worst <= 2e-6, "{worst}");
}
