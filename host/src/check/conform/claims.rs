//! Checks of what `prepare` claims: rate, latency, tail; and how long a call takes.
use super::bench::{Bench, Planes};
use super::report::{Seen, fail, skip, warn};
use super::signal::Signal;
use super::subject::{Subject, in_step, moves_frames};
use crate::plugin::{ENDLESS, Kind};
use std::time::Instant;

/// Samples of noise that latency is measured with, and the longest that is looked for.
const NOISE: usize = 8192;
const LONGEST: usize = 4096;

/// Frames leave as often as their rate says.
pub fn rate(subject: &Subject) -> Seen {
    let cases = subject.some_cases()?;
    for case in &cases {
        let bench = Bench::new(subject, case)?;
        let Some(input) = bench.agreed.inputs.first() else { continue };
        for output in bench.agreed.outputs.iter().filter(|port| moves_frames(port)) {
            if !in_step(input, output) {
                let moved = |frames: u32| if frames == 0 { "as many as there are".into() } else { frames.to_string() };
                let (taken, given) = (moved(input.frames), moved(output.frames));
                return fail(
                    format!(
                        "`{}` gives {given} frames where `{}` takes {taken}, but claims {} a second for {} (with {})",
                        output.name,
                        input.name,
                        output.format.rate(),
                        input.format.rate(),
                        bench.words()
                    ),
                    "frames moved and rates have one proportion: `format.paced(give, take)`",
                );
            }
        }
    }
    Ok(format!("frames moved and rates agree, in {} formats", cases.len()))
}

/// The lag at which `y` is most like `x`, and how like it is there: 1 is the same but for its loudness.
fn lag(x: &[f32], y: &[f32]) -> (usize, f64) {
    let x = &x[..NOISE - LONGEST];
    let energy = |v: &[f32]| v.iter().map(|v| f64::from(v * v)).sum::<f64>();
    let likeness = |lag: usize| {
        let y = &y[lag..lag + x.len()];
        let product: f64 = x.iter().zip(y).map(|(x, y)| f64::from(x * y)).sum();
        product.abs() / (energy(x) * energy(y)).sqrt().max(1e-30)
    };
    let all = (0..LONGEST).map(|lag| (lag, likeness(lag)));
    all.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default()
}

/// The latency claimed is the latency heard, where audio comes out as it went in.
pub fn latency(subject: &Subject) -> Seen {
    let mut measured = vec![];
    for case in subject.some_cases()? {
        let mut bench = Bench::new(subject, case)?;
        let audio = |kind| kind == Kind::AUDIO;
        let Some(from) = bench.agreed.inputs.iter().position(|port| audio(port.format.kind)) else { continue };
        let turns = NOISE.div_ceil(bench.agreed.inputs[from].frames.max(1) as usize);
        // Noise at one input, silence at other audio, ones at levels and masks.
        let (noise, quiet, ones) =
            (bench.sound(Signal::Noise, turns), bench.sound(Signal::Silence, turns), bench.sound(Signal::Ones, turns));
        let sound: Planes = (0..noise.len())
            .map(|i| match (i == from, audio(bench.agreed.inputs[i].format.kind)) {
                (true, _) => noise[i].clone(),
                (_, true) => quiet[i].clone(),
                _ => ones[i].clone(),
            })
            .collect();
        let take = bench.play(&sound, &[256])?;
        for (output, planes) in bench.agreed.outputs.iter().zip(&take.planes) {
            let input = &bench.agreed.inputs[from];
            if output.format != input.format
                || output.frames != input.frames
                || planes[0].len() < NOISE
                || !planes[0].iter().all(|x| x.is_finite())
            {
                continue;
            }
            let (lag, likeness) = lag(&sound[from][0], &planes[0]);
            let (first, last) = (output.latency as usize, output.latency as usize + output.tail.min(1 << 24) as usize);
            let saw = format!(
                "`{}` lags `{}` by {lag} samples and claims {first} (with {})",
                output.name,
                input.name,
                bench.words()
            );
            let help = "say it with `setup.latency`, so that other paths wait; an effect that delays says how long with `setup.tail`";
            match (first..=last).contains(&lag) {
                _ if likeness < 0.3 => continue,
                true => measured.push(lag),
                false if likeness < 0.7 => {
                    return warn(format!("{saw}; the output is like the input by {likeness:.2} only"), help);
                }
                false => return fail(saw, help),
            }
        }
    }
    measured.sort_unstable();
    measured.dedup();
    match measured.is_empty() {
        true => skip("cannot be measured: no audio leaves that is like what came in"),
        false => Ok(format!("as heard: it lags by {measured:?} samples")),
    }
}

/// It falls silent when its tail is over.
pub fn tail(subject: &Subject) -> Seen {
    let mut tried = 0;
    for case in subject.some_cases()? {
        let mut bench = Bench::new(subject, case)?;
        bench.play(&bench.noise(), &[256])?;
        let audio: Vec<(usize, usize)> = bench
            .agreed
            .outputs
            .iter()
            .enumerate()
            .filter(|(_, port)| port.format.kind == Kind::AUDIO && port.tail != ENDLESS)
            .map(|(i, port)| (i, port.latency as usize + port.tail as usize))
            .filter(|(_, frames)| *frames <= 1 << 18)
            .collect();
        let Some(longest) = audio.iter().map(|(_, frames)| *frames).max() else { continue };
        let moved = bench.agreed.outputs.iter().map(|port| port.frames.max(1)).max().unwrap_or(1) as usize;
        let turns = longest.div_ceil(moved) + bench.usual();
        let take = bench.play(&bench.sound(Signal::Silence, turns), &[256])?;
        for (i, frames) in audio {
            for plane in &take.planes[i] {
                let rest = plane.get(frames..).unwrap_or_default();
                // 100 dB below the noise that was played.
                if let Some(late) = rest.iter().rposition(|x| x.abs() > 0.5e-5) {
                    let port = &bench.agreed.outputs[i].name;
                    return warn(
                        format!(
                            "`{port}` still sounds {} samples after its tail of {frames} is over (with {})",
                            late + 1,
                            bench.words()
                        ),
                        "say with `setup.tail` how long it sounds on after silence: a replay ends there",
                    );
                }
            }
        }
        tried += 1;
    }
    match tried {
        0 => skip("it gives no audio that ends"),
        n => Ok(format!("silent when latency and tail are over, in {n} formats")),
    }
}

/// How much of the time there is a call takes.
pub fn time(subject: &Subject) -> Seen {
    let mut worst = (0.0, 0.0, String::new());
    for case in subject.some_cases()? {
        let mut bench = Bench::with(subject, &subject.values, case, 64)?;
        let turns = if bench.is_free() { 64 * 16 } else { 16 };
        let sound = bench.sound(Signal::Noise, turns);
        let port = bench.agreed.inputs.first().or(bench.agreed.outputs.first());
        let Some(port) = port else { continue };
        let seconds = (turns * port.frames.max(1) as usize) as f64 / port.format.rate();
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let begun = Instant::now();
            bench.play(&sound, &[64])?;
            best = best.min(begun.elapsed().as_secs_f64());
        }
        if best / seconds >= worst.0 {
            worst = (best / seconds, best / 16.0, bench.words());
        }
    }
    let (load, call, with) = worst;
    let saw = format!("a call takes {:.1} µs, {:.2} % of the time there is (with {with})", call * 1e6, load * 100.0);
    match load > 0.5 && !subject.worker.may_block {
        true => warn(saw, "leave time for other nodes; was the library built with optimisation?"),
        false => Ok(saw),
    }
}
