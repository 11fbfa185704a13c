//! Every kind of trouble.
use super::*;
use aw_host::sound::SoundError;
use aw_host::sound::simulated::{Deed, Event};
use std::time::{Duration, Instant};

fn at(seconds: f64, does: Deed) -> Event {
    Event { seconds, does, ..Event::default() }
}

/// The heartbeat of a stream over half a second of nothing.
fn is_dead(world: &Simulated, stream: &Stream) -> bool {
    let mut watch = stream.watch();
    let now = Instant::now();
    watch.silent_for(now);
    world.step_seconds(0.5);
    watch.silent_for(now + Duration::from_millis(500)) >= Duration::from_millis(500)
}

#[test]
fn a_card_that_is_pulled_out_is_told_of_once_and_found_again() {
    let (world, host) = world(&by_hand(vec![card()]));
    let (stream, heard) = listen(&input(&host), Wish::default());
    let (_speaker, played) = count(&output(&host));
    world.happen(at(0.1, Deed::Vanish));
    world.happen(at(0.6, Deed::Return));
    world.step_seconds(0.5);
    assert!(matches!(heard.troubles()[..], [Trouble::Gone(_)]), "{:?}", heard.troubles());
    assert!(matches!(played.troubles()[..], [Trouble::Gone(_)]));
    assert!(heard.troubles()[0].ends() && is_dead(&world, &stream));
    assert_eq!(host.cards().unwrap().len(), 1, "half a second later it is there again");
    let (again, more) = listen(&host.find("card", Direction::Input).unwrap(), Wish::default());
    drop(stream);
    world.step_seconds(0.1);
    assert!(!is_dead(&world, &again));
    let (first, silent) = (heard.samples().len(), more.moments()[0].device_ns);
    assert_eq!((first, silent), (4736, 1_000_000_000), "blocks stay on the card's own grid");
}

#[test]
fn while_a_card_is_away_it_is_not_listed_and_what_was_found_before_is_refused() {
    let (world, host) = world(&by_hand(vec![card()]));
    let before = input(&host);
    world.happen(at(0.0, Deed::Vanish));
    world.step(1);
    assert_eq!(host.cards().unwrap().len(), 0);
    let why = host.find("card", Direction::Input).unwrap_err();
    assert_eq!(why.to_string(), "the simulated sound system has no input `card`; it has none");
    let refused = open_input(&before, Wish::default(), |_, _| {}, |_| {});
    assert!(matches!(refused, Err(SoundError::Refused { .. })));
}

#[test]
fn a_card_may_come_back_with_another_rate_or_as_another_card() {
    let (world, host) = world(&by_hand(vec![card()]));
    let (_stream, heard) = listen(&input(&host), Wish::default());
    world.happen(at(0.1, Deed::Vanish));
    let event = at(0.2, Deed::Return);
    world.happen(Event { rate: Some(44100), input_channels: Some(2), id: Some("new".into()), ..event });
    world.step_seconds(0.3);
    assert!(matches!(heard.troubles()[..], [Trouble::Gone(_)]));
    let (stream, heard) = listen(&host.find("new", Direction::Input).unwrap(), Wish::default());
    assert_eq!((stream.got().rate, stream.got().channels), (44100, 2));
    world.step_seconds(0.1);
    let (begin, then) = (heard.moments()[0].device_ns, heard.moments()[10].device_ns);
    assert_eq!((then - begin + 1) / 1000, 1280 * 1_000_000 / 44100);
}

#[test]
fn a_rate_that_changes_under_a_stream_ends_it() {
    let (world, host) = world(&by_hand(vec![card()]));
    let (stream, heard) = listen(&input(&host), Wish::default());
    world.happen(Event { rate: Some(96000), ..at(0.1, Deed::Change) });
    world.step_seconds(0.2);
    assert!(matches!(heard.troubles()[..], [Trouble::Changed(_)]));
    assert!(is_dead(&world, &stream));
    let (stream, _) = listen(&input(&host), Wish::default());
    assert_eq!(stream.got().rate, 96000);
}

#[test]
fn a_sound_server_that_restarts_takes_all_cards_with_it_for_a_while() {
    let second = CardScript { id: "second".into(), ..card() };
    let (world, host) = world(&by_hand(vec![card(), second]));
    let (_stream, heard) = listen(&input(&host), Wish::default());
    world.happen(Event { duration: Some(1.0), ..at(0.1, Deed::Restart) });
    world.step_seconds(0.5);
    assert!(matches!(heard.troubles()[..], [Trouble::Gone(_)]));
    assert!(matches!(host.cards(), Err(SoundError::NoHost { .. })));
    world.step_seconds(1.0);
    assert_eq!(host.cards().unwrap().len(), 2);
    let (stream, _) = listen(&host.find("second", Direction::Input).unwrap(), Wish::default());
    assert!(!is_dead(&world, &stream));
}

#[test]
fn a_stream_that_dies_without_a_word_is_seen_by_its_heartbeat() {
    let (world, host) = world(&by_hand(vec![card()]));
    let (stream, heard) = listen(&input(&host), Wish::default());
    assert!(!is_dead(&world, &stream));
    world.happen(Event { silent: true, ..at(0.0, Deed::Vanish) });
    world.step(1);
    assert!(is_dead(&world, &stream));
    assert!(heard.troubles().is_empty());
}

#[test]
fn a_clock_that_stood_still_goes_on_where_it_stood_and_later() {
    let (world, host) = world(&by_hand(vec![card()]));
    let (stream, heard) = listen(&input(&host), Wish::default());
    world.step_seconds(0.1);
    world.happen(Event { duration: Some(60.0), ..at(0.0, Deed::Stall) });
    world.step(1);
    assert!(is_dead(&world, &stream));
    world.step_seconds(60.0);
    let moments = heard.moments();
    let pauses: Vec<u64> = moments.windows(2).map(|two| two[1].device_ns - two[0].device_ns).collect();
    assert_eq!(pauses.iter().filter(|pause| **pause > 3_000_000).count(), 1);
    let expected = CardScript { ..card() };
    let (again, host) = super::world(&by_hand(vec![expected]));
    let (_stream, whole) = listen(&super::input(&host), Wish::default());
    again.step(heard.samples().len() as u64);
    assert_eq!(heard.samples(), whole.samples(), "no sample is lost, and none comes twice");
}

#[test]
fn lost_callbacks_are_counted_and_leave_silence() {
    let (world, host) = world(&by_hand(vec![card()]));
    let (stream, _) = count(&output(&host));
    world.happen(Event { callbacks: Some(3), ..at(0.1, Deed::Lose) });
    world.step_seconds(0.2);
    let loud = world.heard("card");
    assert_eq!(stream.xruns(), 3);
    let silent = loud[128..].iter().filter(|sample| **sample == 0.0).count();
    assert_eq!(silent, 3 * 128);
    let numbers: Vec<f32> = loud.into_iter().filter(|sample| *sample != 0.0).collect();
    assert_eq!(numbers, (1..=numbers.len()).map(|n| n as f32 / 1024.0).collect::<Vec<_>>());
}

#[test]
fn many_gaps_are_all_counted_and_seldom_told() {
    let (world, host) = world(&by_hand(vec![card()]));
    let (stream, heard) = listen(&input(&host), Wish::default());
    // The first comes before the first callback: nothing is lost then.
    (0..=40).for_each(|n| world.happen(at(f64::from(n) * 0.01, Deed::Xrun)));
    world.step_seconds(0.5);
    assert_eq!(stream.xruns(), 40);
    assert!(heard.troubles().iter().all(|trouble| *trouble == Trouble::Xrun));
    assert!(heard.troubles().len() < 20, "{}", heard.troubles().len());
    assert!(!is_dead(&world, &stream));
}

#[test]
fn a_sound_system_that_only_complains_is_given_up_once() {
    let (world, host) = world(&by_hand(vec![card()]));
    let (_stream, heard) = listen(&input(&host), Wish::default());
    world.happen(Event { duration: Some(1e6), ..at(0.1, Deed::Flood) });
    world.step_seconds(0.75);
    let troubles = heard.troubles();
    assert!(matches!(troubles[0], Trouble::Backend(_)));
    assert!(matches!(troubles[troubles.len() - 1], Trouble::Gone(_)), "{troubles:?}");
    assert!(troubles.len() < 5, "{troubles:?}");
}

#[test]
fn a_few_complaints_do_not_end_a_stream() {
    let (world, host) = world(&by_hand(vec![card()]));
    let (stream, heard) = listen(&input(&host), Wish::default());
    world.happen(Event { duration: Some(0.2), ..at(0.1, Deed::Flood) });
    world.step_seconds(0.4);
    assert!(matches!(heard.troubles()[..], [Trouble::Backend(_)]), "{:?}", heard.troubles());
    assert!(!is_dead(&world, &stream));
}

#[test]
fn a_stream_that_is_led_another_way_plays_on() {
    let (world, host) = world(&by_hand(vec![card()]));
    let (stream, heard) = listen(&input(&host), Wish::default());
    world.happen(at(0.1, Deed::Reroute));
    world.step_seconds(0.2);
    assert!(matches!(heard.troubles()[..], [Trouble::Moved(_)]));
    assert!(!heard.troubles()[0].ends() && !is_dead(&world, &stream));
}

#[test]
fn a_card_that_somebody_else_has_is_refused_until_it_is_free() {
    let (world, host) = world(&by_hand(vec![card()]));
    world.happen(Event { duration: Some(1.0), ..at(0.0, Deed::Refuse) });
    world.step(1);
    let try_it = || open_input(&input(&host), Wish::default(), |_, _| {}, |_| {}).map(drop);
    assert!(try_it().unwrap_err().to_string().starts_with("`A card` cannot be used: "));
    world.step_seconds(1.0);
    try_it().unwrap();
}

#[test]
fn it_is_free_after_a_while_by_the_clock_too_although_nothing_plays() {
    let refuse = Event { duration: Some(0.05), ..at(0.0, Deed::Refuse) };
    let (_world, host) = world(&Script { pace: Pace::Real, events: vec![refuse], ..by_hand(vec![card()]) });
    let mut attempts = 0;
    while open_input(&input(&host), Wish::default(), |_, _| {}, |_| {}).is_err() {
        attempts += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(attempts > 0);
}

#[test]
fn a_callback_that_panics_is_told_of_and_leaves_silence() {
    let (world, host) = world(&by_hand(vec![card()]));
    let heard = Heard::default();
    let troubles = heard.troubles.clone();
    let mut calls = 0;
    let run = move |samples: &mut [f32], _: Moment| {
        calls += 1;
        samples.fill(0.5);
        assert!(calls < 3, "this callback is broken");
    };
    let stream =
        open_output(&output(&host), Wish::default(), run, move |trouble| troubles.lock().unwrap().push(trouble))
            .unwrap();
    stream.start().unwrap();
    world.step(1280);
    assert_eq!(heard.troubles(), [Trouble::Panicked("this callback is broken".into())]);
    let loud = world.heard("card");
    assert_eq!(loud[128..384], [0.5; 256]);
    assert!(loud[384..].iter().all(|sample| *sample == 0.0), "what was half made is not heard");
    assert!(!is_dead(&world, &stream), "the card lives");
}

#[test]
fn a_stream_is_closed_while_it_is_called_back() {
    let (world, host) = world(&Script { pace: Pace::Free, ..by_hand(vec![card()]) });
    for _ in 0..50 {
        let (stream, heard) = listen(&input(&host), Wish::default());
        while heard.moments().is_empty() {
            std::thread::yield_now();
        }
        drop(stream);
        let count = heard.moments().len();
        std::thread::yield_now();
        assert_eq!(heard.moments().len(), count, "nothing is called after a stream is closed");
    }
    world.finish().unwrap();
}

#[test]
fn a_stream_whose_callback_hangs_is_left_behind() {
    let (world, host) = world(&Script { pace: Pace::Free, ..by_hand(vec![card()]) });
    let (entered, wait_for_entry) = std::sync::mpsc::channel();
    let (release, wait_for_release) = std::sync::mpsc::channel::<()>();
    let run = move |_: &[f32], _: Moment| {
        entered.send(()).unwrap();
        wait_for_release.recv().unwrap();
    };
    let stream = open_input(&input(&host), Wish::default(), run, |_| {}).unwrap();
    stream.start().unwrap();
    wait_for_entry.recv().unwrap();
    drop(stream); // comes back
    release.send(()).unwrap();
    assert!(wait_for_entry.recv().is_err(), "it is not called again");
    world.finish().unwrap();
}

#[test]
fn a_script_that_makes_no_sense_is_refused_with_the_reason() {
    let refused = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        std::fs::write(&path, text).unwrap();
        let why = Script::read(&path).and_then(|script| Simulated::new(&script).map(drop)).unwrap_err();
        why.to_string().replace(&path.display().to_string(), "x.toml")
    };
    let cards = "[[card]]\nid = 'a'\ninput = { }\n";
    assert_eq!(
        refused(&format!("{cards}[[at]]\nseconds = 2\ncard = 'b'\ndoes = 'vanish'\n")),
        "x.toml: at 2 s: there is no card `b`"
    );
    assert_eq!(
        refused(&format!("{cards}[[at]]\nseconds = 2\ndoes = 'vanish'\nrate = 8000\n")),
        "x.toml: at 2 s: vanish takes no rate or channels"
    );
    assert!(refused(&format!("{cards}[[at]]\nseconds = 2\ndoes = 'explode'\n")).contains("unknown variant `explode`"));
    assert!(refused("[[card]]\nid = 'a'\ninput = { file = 'none.wav' }\n").contains("none.wav"));
}
