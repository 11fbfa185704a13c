//! A session on simulated sound cards, whose time a test lets pass.
use aw_host::live::{Act, Scene, Session, Setup};
use aw_host::plugin::{SearchPath, Workers};
use aw_host::sound::Host;
use aw_host::sound::simulated::{CardScript, Event, Pace, Script, SideScript, Simulated};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Samples a second of a card, if not said otherwise.
pub const RATE: u32 = 48000;
/// From one look at everything to the next, in seconds of the cards.
const TURN: f64 = 0.01;
/// Something that must happen does so within so many turns.
const PATIENCE: usize = 3000;

/// A session, its cards, and their time.
pub struct Rig {
    /// The cards.
    pub world: Simulated,
    /// The session.
    pub session: Session,
    base: Instant,
    /// What a session leaves behind goes away with it.
    _dumps: tempfile::TempDir,
}

/// Where a card of the script is silent, hears a sine or noise, and how it calls back.
pub fn side(sine: Option<f64>, channels: u16, block: Option<u32>) -> SideScript {
    SideScript { sine, channels: Some(channels), block, ..SideScript::default() }
}

/// A card that hears and plays.
pub fn card(id: &str, input: Option<SideScript>, output: Option<SideScript>) -> CardScript {
    CardScript { id: id.into(), rate: Some(RATE), input, output, ..CardScript::default() }
}

/// Cards whose time passes by hand.
pub fn script(cards: Vec<CardScript>) -> Script {
    Script { pace: Pace::Hand, cards, ..Script::default() }
}

/// The workers of this workspace, and those of other folders.
///
/// # Panics
/// If one cannot be loaded.
pub fn workers(given: &[&Path]) -> Workers {
    let given: Vec<PathBuf> = given.iter().map(|path| path.to_path_buf()).collect();
    let (workers, errors) = Workers::find_live(&SearchPath { given, own: vec![crate::built()] });
    assert!(errors.is_empty(), "{errors:?}");
    workers
}

impl Rig {
    /// Opens a session.
    ///
    /// # Panics
    /// If it does not open.
    pub fn new(script: &Script, graphs: &[&Path], workers: Workers) -> Self {
        Self::with(script, graphs, workers, |_| {})
    }

    /// As [`Rig::new`], asked otherwise.
    ///
    /// # Panics
    /// If it does not open.
    pub fn with(script: &Script, graphs: &[&Path], workers: Workers, ask: impl FnOnce(&mut Setup)) -> Self {
        let world = Simulated::new(script).unwrap_or_else(|why| panic!("{why}"));
        let dumps = tempfile::tempdir().unwrap_or_else(|why| panic!("{why}"));
        let mut setup = Setup {
            graphs: graphs.iter().map(|path| path.to_path_buf()).collect(),
            host: Host::simulated(&world),
            input: None,
            output: None,
            rate: None,
            block: None,
            realtime: false,
            record: None,
            dumps: dumps.path().into(),
        };
        ask(&mut setup);
        let session = Session::open(setup, workers).unwrap_or_else(|why| panic!("{why}"));
        Self { world, session, base: Instant::now(), _dumps: dumps }
    }

    fn turn(&mut self) {
        self.world.step_seconds(TURN);
        self.look();
    }

    /// Lets time pass, as fast as can be.
    pub fn play(&mut self, seconds: f64) {
        (0..(seconds / TURN).round() as usize).for_each(|_| self.turn());
    }

    /// Lets time pass so that threads beside it have time, too: those that open devices, look at files, run lanes.
    pub fn play_along(&mut self, seconds: f64) {
        const PARTS: u32 = 4;
        for _ in 0..(seconds / TURN).round() as usize {
            for _ in 0..PARTS {
                self.world.step_seconds(TURN / f64::from(PARTS));
                std::thread::sleep(Duration::from_secs_f64(TURN) / PARTS);
            }
            self.look();
        }
    }

    fn look(&mut self) {
        self.session.turn(self.base + Duration::from_secs_f64(self.world.now()));
    }

    /// Plays along until something holds of the scene.
    ///
    /// # Panics
    /// If it never does.
    pub fn until(&mut self, what: &str, holds: impl Fn(&Scene) -> bool) -> Scene {
        for _ in 0..PATIENCE {
            self.play_along(TURN);
            let scene = self.session.scene();
            if holds(&scene) {
                return scene;
            }
        }
        let scene = self.session.scene();
        panic!("{what}: it is not; wrong: {:?}; notes: {:?}", scene.wrong, self.notes());
    }

    /// What the user was told.
    pub fn notes(&self) -> Vec<String> {
        self.session.scene().notes.into_iter().map(|note| note.text).collect()
    }

    /// Asks something.
    ///
    /// # Panics
    /// If it is refused.
    pub fn act(&mut self, act: Act) {
        let asked = format!("{act:?}");
        self.session.act(act).unwrap_or_else(|why| panic!("{asked}: {why}"));
    }

    /// Something happens to a card, now.
    pub fn happen(&self, event: Event) {
        self.world.happen(event);
    }

    /// The left channel of what a card with two has played.
    pub fn heard(&self, card: &str) -> Vec<f32> {
        self.world.heard(card).chunks(2).map(|frame| frame[0]).collect()
    }
}

/// The largest bend: the peak of the second difference.
pub fn bend(sound: &[f32]) -> f32 {
    sound.windows(3).map(|three| (three[0] - 2.0 * three[1] + three[2]).abs()).fold(0.0, f32::max)
}

/// The root of the mean square.
pub fn rms(sound: &[f32]) -> f64 {
    (sound.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / sound.len().max(1) as f64).sqrt()
}

/// Decibels of a ratio of amplitudes.
pub fn db(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}
