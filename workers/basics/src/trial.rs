//! What the tests of all workers share: test signals, and the rule that cutting a stream changes nothing.
use aw_sdk::Rig;

/// Planes of one or more ports, `[port][channel]`.
pub type Planes = Vec<Vec<Vec<f32>>>;

/// White noise between -1 and 1, the same for the same seed.
pub fn noise(seed: u64, len: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let step = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    };
    (0..len).map(step).collect()
}

/// A sine of amplitude 1.
pub fn sine(hz: f64, rate: f64, len: usize) -> Vec<f32> {
    (0..len).map(|n| (std::f64::consts::TAU * hz * n as f64 / rate).sin() as f32).collect()
}

/// Feeds every plane in pieces of `piece` floats and gathers what comes out.
pub fn run_in_pieces(rig: &mut Rig, input: &Planes, piece: usize) -> Planes {
    let longest = input.iter().flatten().map(Vec::len).max().unwrap_or(0);
    let mut all = rig.run(&input.iter().map(|_| &[][..]).collect::<Vec<&[&[f32]]>>()[..0]);
    for from in (0..longest).step_by(piece) {
        let cut = |plane: &Vec<f32>| plane[from.min(plane.len())..(from + piece).min(plane.len())].to_vec();
        let pieces: Planes = input.iter().map(|port| port.iter().map(cut).collect()).collect();
        let ports: Vec<Vec<&[f32]>> = pieces.iter().map(|port| port.iter().map(Vec::as_slice).collect()).collect();
        let out = rig.run(&ports.iter().map(Vec::as_slice).collect::<Vec<_>>());
        for (all, new) in all.iter_mut().flatten().zip(out.iter().flatten()) {
            all.extend(new);
        }
    }
    all
}

/// Runs `input` through a fresh rig in pieces of 1, 7, 64 and 1000, checks that the bits are the same, and returns them.
pub fn same_in_any_pieces(make: impl Fn() -> Rig, input: &Planes) -> Planes {
    let bits = |planes: &Planes| planes.iter().flatten().flatten().map(|x| x.to_bits()).collect::<Vec<u32>>();
    let whole = run_in_pieces(&mut make(), input, 1000);
    for piece in [1, 7, 64] {
        let cut = run_in_pieces(&mut make(), input, piece);
        assert!(bits(&cut) == bits(&whole), "pieces of {piece} give other samples than pieces of 1000");
    }
    whole
}

/// The largest second difference: how hard a click is.
pub fn sharpest(x: &[f32]) -> f32 {
    x.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f32::max)
}
