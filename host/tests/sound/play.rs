//! Sound and time.
use super::*;
use aw_host::sound::simulated::SampleKind;
use std::f64::consts::TAU;

fn sine(from: usize, to: usize) -> Vec<f32> {
    (from..to).map(|n| (0.5 * (TAU * 440.0 * n as f64 / 48000.0).sin()) as f32).collect()
}

#[test]
fn a_microphone_is_heard_to_the_sample_block_by_block() {
    let (world, host) = world(&by_hand(vec![card()]));
    let (stream, heard) = listen(&input(&host), Wish::default());
    world.step(1000);
    assert_eq!(heard.samples(), sine(0, 7 * 128), "only whole blocks have come");
    assert_eq!((stream.beats(), stream.frames(), stream.xruns()), (7, 896, 0));
    let moments = heard.moments();
    assert_eq!(moments[1].device_ns, 128 * 1_000_000_000 / 48000);
    assert_eq!(moments[1].system_ns, 256 * 1_000_000_000 / 48000, "a block is handed over when it is full");
    assert_eq!(moments[1].called_ns, moments[1].system_ns);
    assert!(heard.troubles().is_empty());
}

#[test]
fn what_is_played_is_heard_a_block_later_and_both_files_have_one_time() {
    let (world, host) = world(&by_hand(vec![card()]));
    let (_input, heard) = listen(&input(&host), Wish::default());
    let (_output, played) = count(&output(&host));
    world.step(1280);
    let loud = world.heard("card");
    assert_eq!(loud[..128], [0.0; 128]);
    assert_eq!(loud[128..][..1000], (1..=1000).map(|n| n as f32 / 1024.0).collect::<Vec<_>>());
    assert_eq!(heard.samples(), sine(0, 1280));
    let (first, then) = (played.moments()[0], played.moments()[3]);
    assert_eq!((first.system_ns, first.device_ns), (0, 128 * 1_000_000_000 / 48000));
    assert_eq!(then.device_ns - then.system_ns, 128 * 1_000_000_000 / 48000);
}

#[test]
fn the_same_script_gives_the_same_samples_at_the_same_moments() {
    let run = |seed| {
        let mut card = card();
        let side = card.input.as_mut().unwrap();
        (side.jitter_us, side.stamp_us, side.ppm) = (900.0, 50.0, 130.0);
        let (world, host) = world(&Script { seed, ..by_hand(vec![card]) });
        let (_stream, heard) = listen(&input(&host), Wish::default());
        (0..100).for_each(|_| world.step(480));
        (heard.samples(), heard.moments())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).1, run(2).1);
    let (_, moments) = run(1);
    let late = |moment: &Moment| moment.system_ns as f64 - moment.device_ns as f64 - 128.0 / 48000.0 * 1e9;
    let latest = moments.iter().map(late).fold(0.0, f64::max);
    assert!((800e3..951e3).contains(&latest), "{latest} ns");
}

#[test]
fn two_clocks_drift_apart_as_they_are_told_to() {
    let mut card = card();
    card.output.as_mut().unwrap().ppm = -200.0;
    let (world, host) = world(&by_hand(vec![card]));
    let (input, _) = listen(&input(&host), Wish::default());
    let (output, _) = count(&output(&host));
    world.step_seconds(600.0);
    let (came, went) = (input.frames() as f64, output.frames() as f64);
    let drift = (went - came) / came * 1e6;
    assert!((drift + 200.0).abs() < 10.0, "{drift} ppm in {came} frames");
}

#[test]
fn samples_of_every_kind_come_through_and_what_is_too_loud_is_clipped() {
    let kinds = [(SampleKind::U8, 8), (SampleKind::I16, 16), (SampleKind::I24, 24), (SampleKind::I32, 31)];
    for (format, bits) in kinds {
        let (world, host) = world(&by_hand(vec![CardScript { format, ..card() }]));
        let (stream, heard) = listen(&input(&host), Wish::default());
        let mut next = [0.25, -0.5, 3.0, -3.0, f32::NAN].into_iter().chain(std::iter::repeat(0.0));
        let fill = move |samples: &mut [f32], _: Moment| samples.fill_with(|| next.next().unwrap());
        let speaker = open_output(&output(&host), Wish::default(), fill, |_| {}).unwrap();
        speaker.start().unwrap();
        world.step(12800);
        let step = 2f64.powi(1 - bits);
        let far = heard.samples().into_iter().zip(sine(0, 12800)).map(|(a, b)| f64::from((a - b).abs()));
        assert!(far.fold(0.0, f64::max) <= step / 2.0 + 6e-8, "{:?}", stream.got().format);
        let largest = if bits == 31 { 1.0 } else { 1.0 - step as f32 };
        assert_eq!(world.heard("card")[128..][..6], [0.25, -0.5, largest, -1.0, 0.0, 0.0], "{format:?}");
    }
}

#[test]
fn callbacks_longer_than_a_piece_keep_their_order_and_their_time() {
    let mut card = CardScript { format: SampleKind::I24, ..card() };
    card.input.as_mut().unwrap().block = Some(3000);
    let (world, host) = world(&by_hand(vec![card]));
    let (stream, heard) = listen(&input(&host), Wish::default());
    world.step(6000);
    let far = heard.samples().into_iter().zip(sine(0, 6000)).map(|(a, b)| (a - b).abs());
    assert!(far.fold(0.0, f32::max) < 2e-7);
    assert_eq!((stream.beats(), stream.frames(), heard.samples().len()), (2, 6000, 6000));
    let times: Vec<u64> = heard.moments().iter().map(|moment| (moment.device_ns * 48 + 500_000) / 1_000_000).collect();
    assert_eq!(times, [0, 1024, 2048, 3000, 4024, 5048].map(|n| n as u64));
}

#[test]
fn sizes_of_callbacks_may_change_all_the_time() {
    let mut card = card();
    for side in [&mut card.input, &mut card.output].into_iter().flatten() {
        (side.block, side.blocks) = (None, vec![480, 441, 1, 700]);
    }
    let (world, host) = world(&by_hand(vec![card]));
    let (_input, heard) = listen(&input(&host), Wish::default());
    let (_output, played) = count(&output(&host));
    world.step(20000);
    let sizes = |heard: &Heard| heard.blocks.lock().unwrap().iter().map(|(_, s)| s.len()).collect::<Vec<_>>();
    assert_eq!(sizes(&heard)[..5], [480, 441, 1, 700, 480]);
    assert_eq!(sizes(&played)[..5], [480, 441, 1, 700, 480]);
    let samples = heard.samples();
    assert!(samples.len() > 19000);
    assert_eq!(samples, sine(0, samples.len()));
    let loud = world.heard("card");
    assert_eq!(loud[700..], (1..=loud.len() - 700).map(|n| n as f32 / 1024.0).collect::<Vec<_>>());
}

#[test]
fn a_wish_is_met_as_far_as_the_card_can() {
    let (_world, host) = world(&by_hand(vec![card()]));
    let (stream, _) = listen(&input(&host), Wish { rate: Some(16000), channels: Some(2), block: Some(64) });
    let got = stream.got();
    assert_eq!((got.rate, got.channels, got.block), (48000, 1, Some(128)));
}

#[test]
fn a_file_is_the_microphone_and_a_file_the_loudspeaker() {
    let folder = tempfile::tempdir().unwrap();
    let voice = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/wav/clean.wav");
    std::fs::copy(voice, folder.path().join("voice.wav")).unwrap();
    let script = "pace = 'hand'\n[[card]]\nid = 'booth'\ninput = { file = 'voice.wav', block = 128 }\n\
                  output = { file = 'out.wav', channels = 1, block = 128 }\n";
    let path = folder.path().join("booth.toml");
    std::fs::write(&path, script).unwrap();
    let (world, host) = world(&Script::read(&path).unwrap());
    let ring = Arc::new(Mutex::new(std::collections::VecDeque::new()));
    let (push, pull) = (ring.clone(), ring);
    let took = move |samples: &[f32], _: Moment| push.lock().unwrap().extend(samples.iter().copied());
    let gave = move |samples: &mut [f32], _: Moment| {
        samples.fill_with(|| pull.lock().unwrap().pop_front().unwrap_or(0.0));
    };
    let booth = host.find("booth", Direction::Input).unwrap();
    let input = open_input(&booth, Wish::default(), took, |_| {}).unwrap();
    let output = open_output(&booth, Wish::default(), gave, |_| {}).unwrap();
    assert_eq!(input.got().rate, 16000, "the card goes as the file does");
    input.start().unwrap();
    output.start().unwrap();
    while !world.played_out() {
        world.step(16000);
    }
    drop((input, output));
    world.finish().unwrap();
    let read = |path: &std::path::Path| {
        let mut reader = aw_host::io::AudioReader::open(path).unwrap();
        let mut planes = vec![vec![0.0; 400_000]; 1];
        let mut all: Vec<f32> = vec![];
        while let got @ 1.. = reader.read(&mut planes).unwrap() {
            all.extend(&planes[0][..got]);
        }
        all
    };
    let (clean, out) = (read(voice.as_ref()), read(&folder.path().join("out.wav")));
    // A block that fills at the microphone, and one that waits at the loudspeaker.
    assert_eq!(out[..256], [0.0; 256]);
    assert_eq!(out[256..][..clean.len()], clean);
}

#[test]
fn in_and_out_of_a_call_are_files_where_there_is_no_card() {
    use aw_host::sound::{HostName, SoundError, asked};
    let voice = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/wav/clean.wav");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.wav");
    let call = asked(Some(HostName::Simulated), Some(voice), out.to_str()).unwrap();
    assert_eq!((call.input, call.output), (None, None), "they are no names of cards");
    let card = call.host.default(Direction::Input).unwrap();
    assert_eq!(card.face(Direction::Input).unwrap().rates(), [(16000, 16000)]);
    assert_eq!(card.face(Direction::Output).unwrap().rates(), [(16000, 16000)], "one card, one rate");
    call.simulated.unwrap().finish().unwrap();
    assert!(out.exists());
    let none = asked(Some(HostName::Simulated), None, None).map(|_| ()).unwrap_err();
    assert!(matches!(&none, SoundError::NoHost { why, .. } if why.contains("--in and --out")), "{none}");
}

#[test]
fn time_passes_by_itself_unless_it_goes_by_hand() {
    for pace in [Pace::Real, Pace::Free] {
        let (world, host) = world(&Script { pace, ..by_hand(vec![card()]) });
        let (done, wait) = std::sync::mpsc::channel();
        let mut left = 30;
        let run = move |_: &[f32], _: Moment| {
            left -= 1;
            if left == 0 {
                done.send(()).unwrap();
            }
        };
        let stream = open_input(&input(&host), Wish::default(), run, |_| {}).unwrap();
        assert_eq!(world.now(), 0.0, "nothing plays, and no time passes");
        stream.start().unwrap();
        wait.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
        assert!(world.now() >= 29.0 * 128.0 / 48000.0);
    }
}
