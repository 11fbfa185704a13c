//! Levels that others know.
use super::*;
use crate::live::Meter;
use crate::render::Frames;
use std::f64::consts::TAU;

/// So many seconds of a sine, in blocks of 128.
fn blocks(hz: f64, peak: f64, seconds: f64, rate: u32) -> Vec<Vec<f32>> {
    let frames = (seconds * f64::from(rate)) as usize;
    let sound: Vec<f32> =
        (0..frames).map(|at| (peak * (TAU * hz * at as f64 / f64::from(rate)).sin()) as f32).collect();
    sound.chunks(128).map(Vec::from).collect()
}

fn silence(seconds: f64) -> Vec<Vec<f32>> {
    blocks(0.0, 0.0, seconds, 48000)
}

/// The same on so many channels.
fn on_all<'a>(block: &[f32], channels: usize, data: &'a mut Vec<f32>) -> Frames<'a> {
    *data = block.repeat(channels);
    Frames { data, stride: block.len(), frames: block.len() }
}

fn db(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

fn is(value: f64, wanted: f64, within: f64) {
    assert!((value - wanted).abs() <= within, "{value} and not {wanted}");
}

fn watch(meters: &mut Meters, blocks: &[Vec<f32>]) {
    for block in blocks {
        meters.planar(&Frames { data: block, stride: block.len(), frames: block.len() });
    }
}

#[test]
fn a_sine_at_full_scale_has_a_peak_of_0_and_an_rms_of_3_db_less() {
    let (mut meters, levels) = meter::meters(1, 48000);
    assert_eq!(levels.read(), [Meter::default()]);
    watch(&mut meters, &blocks(1000.0, 1.0, 1.0, 48000));
    let [Meter { rms, peak, hold, .. }] = levels.read()[..] else { panic!("one channel") };
    is(rms, -3.0103, 0.001);
    is(peak, 0.0, 0.2); // it falls by that until the next crest is looked for
    is(hold, 0.0, 0.001);
}

#[test]
fn the_peak_falls_by_20_db_a_second_and_is_held_for_two() {
    let (mut meters, levels) = meter::meters(1, 48000);
    watch(&mut meters, &[vec![0.5; 480]]);
    watch(&mut meters, &silence(1.0));
    is(levels.read()[0].peak, -6.02 - 20.0, 0.25);
    is(levels.read()[0].hold, -6.02, 0.01);
    assert_eq!(levels.read()[0].rms, f64::NEG_INFINITY, "300 ms have passed");
    watch(&mut meters, &silence(0.9));
    is(levels.read()[0].hold, -6.02, 0.01);
    watch(&mut meters, &silence(0.2));
    assert!(levels.read()[0].hold < -40.0);
}

#[test]
fn samples_at_full_scale_are_counted_until_they_are_forgotten() {
    let (mut meters, mut levels) = meter::meters(2, 48000);
    let block = [[1.0, -1.0, 1.5, 0.999], [0.0; 4]].concat();
    meters.planar(&Frames { data: &block, stride: 4, frames: 4 });
    meters.interleaved(&[0.0, 1.0, 0.0, 0.5]);
    assert_eq!(levels.read().iter().map(|meter| meter.clipped).collect::<Vec<_>>(), [3, 1]);
    levels.clear();
    meters.interleaved(&[0.25, 0.0]);
    assert_eq!(levels.read().iter().map(|meter| meter.clipped).collect::<Vec<_>>(), [0, 0]);
    is(levels.read()[0].hold, -12.04, 0.01);
}

#[test]
fn interleaved_frames_are_measured_as_planes_are() {
    let sound: Vec<f32> = (0..1000).map(|at| ((at * at) as f32).sin()).collect();
    let (mut planar, of_planar) = meter::meters(2, 1000);
    let (mut interleaved, of_interleaved) = meter::meters(2, 1000);
    planar.planar(&Frames { data: &sound, stride: 500, frames: 500 });
    let frames: Vec<f32> = (0..500).flat_map(|at| [sound[at], sound[500 + at]]).collect();
    interleaved.interleaved(&frames);
    for (a, b) in of_planar.read().iter().zip(of_interleaved.read()) {
        is(a.rms, b.rms, 1e-4);
        assert_eq!((a.peak, a.hold, a.clipped), (b.peak, b.hold, b.clipped));
    }
}

/// Plays blocks, each on all channels.
fn weigh(rate: u32, channels: usize, sound: &[Vec<Vec<f32>>]) -> Loudness {
    let (mut weigher, mut loudness) = loudness::loudness(channels, rate);
    for block in sound.iter().flatten() {
        weigher.planar(&on_all(block, channels, &mut vec![]));
        loudness.update();
    }
    loudness
}

/// ITU-R BS.1770: 997 Hz at full scale on one channel. EBU Tech 3341, cases 1 and 2: 1 kHz at −23 and −33 dBFS on two.
#[test]
fn known_sines_are_as_loud_as_the_standards_say() {
    for rate in [16000, 44100, 48000, 96000] {
        let one = weigh(rate, 1, &[blocks(997.0, 1.0, 4.0, rate)]);
        is(one.short_term().unwrap(), -3.01, if rate == 48000 { 0.01 } else { 0.05 });
        for level in [-23.0, -33.0] {
            let two = weigh(rate, 2, &[blocks(1000.0, db(level), 20.0, rate)]);
            is(two.short_term().unwrap(), level, 0.1);
            is(two.gated().unwrap(), level, 0.1);
        }
    }
}

/// EBU Tech 3341, case 3, made to fit into the last 30 seconds: pauses do not make it less loud.
#[test]
fn pauses_do_not_count() {
    let pause = blocks(1000.0, db(-36.0), 5.0, 48000);
    let loud = blocks(1000.0, db(-23.0), 15.0, 48000);
    is(weigh(48000, 2, &[pause.clone(), loud, pause]).gated().unwrap(), -23.0, 0.1);
    assert_eq!(weigh(48000, 2, &[silence(5.0)]).gated(), None);
}

#[test]
fn a_sine_is_seen_where_it_is() {
    for rate in [16000, 48000, 96000] {
        let (mut tap, mut analyser) = spectrum::spectrum(rate);
        let mut seen = analyser.empty(rate);
        is(seen.hop, 512.0 / 48000.0, 1e-6 + 0.4 * 512.0 / 48000.0);
        for block in blocks(3000.0, 0.1, 2.0, rate) {
            tap.planar(&on_all(&block, 2, &mut vec![]), 2);
            analyser.update(&mut seen, 50);
        }
        assert_eq!(seen.columns.len(), 50);
        assert_eq!(seen.made, ((2.0 / seen.hop) as u64) - 1, "frames overlap by half");
        let column = seen.columns.last().unwrap();
        let (at, level) = column.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        is(at as f64 * seen.top / (column.len() - 1) as f64, 3000.0, 1.0);
        is(f64::from(*level), -20.0, 0.05);
    }
}
