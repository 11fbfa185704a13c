//! `aw live`.
use super::{FAILED, WorkersFrom, fail};
use aw_host::live::json::Json;
use aw_host::live::plain::Plain;
use aw_host::live::remote::{Control, Options, Remote};
use aw_host::live::screen::Screen;
use aw_host::live::{Act, Scene, Session, Setup};
use aw_host::plugin::{SearchPath, Workers};
use aw_host::sound::simulated::Simulated;
use aw_host::sound::{Asked, HostName, asked};
use clap::Args;
use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// From one look at everything to the next.
const TURN: Duration = Duration::from_millis(25);

/// How long is played on when the files of a simulated card are at their end.
const AFTER: Duration = Duration::from_secs(1);

#[derive(Args)]
pub struct Command {
    /// The graph file; two are compared
    #[arg(value_name = "GRAPH", num_args = 1..=2, required = true)]
    graphs: Vec<PathBuf>,
    /// The device that is heard: its id, its name, or a part of it; `aw devices` lists them
    #[arg(long = "in", value_name = "DEVICE")]
    input: Option<String>,
    /// The device that plays
    #[arg(long = "out", value_name = "DEVICE")]
    output: Option<String>,
    /// The sound system: jack, pulse, alsa, coreaudio, wasapi, or simulated, which plays WAV files as if they were devices
    #[arg(long, value_name = "NAME")]
    host: Option<HostName>,
    /// Samples a second of the devices, instead of the graph's or what is nearest
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1..=768_000))]
    rate: Option<u32>,
    /// Frames that the devices ask for at once, instead of a block of the graph or what is nearest
    #[arg(long, value_name = "FRAMES", value_parser = clap::value_parser!(u32).range(1..=65536))]
    block: Option<u32>,
    /// End after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = super::bench::seconds)]
    seconds: Option<f64>,
    /// Print lines instead of showing a screen
    #[arg(long, conflicts_with = "json")]
    plain: bool,
    /// Print a stream of JSON lines
    #[arg(long)]
    json: bool,
    /// Do not ask for real-time priority
    #[arg(long)]
    ordinary: bool,
    /// Take JSON lines from a Unix socket at this path, or from this TCP port; may be given several times
    #[arg(long, value_name = "PATH|PORT")]
    control: Vec<Control>,
    /// Take Open Sound Control on this UDP port
    #[arg(long, value_name = "PORT")]
    osc: Option<u16>,
    /// Open ports at this address instead of 127.0.0.1: whoever reaches it can control the graph
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<IpAddr>,
    /// Record everything to a new folder: `aw replay DIR` plays it again, bit for bit
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Where the last 30 seconds are written when `d` is pressed, a worker fails or samples are lost
    #[arg(long, value_name = "DIR", default_value = ".")]
    dump_dir: PathBuf,
    #[command(flatten)]
    workers: WorkersFrom,
}

/// Where scenes go, and where acts come from.
enum Face {
    Screen(Box<Screen>),
    Plain(Plain),
    Json(Json),
}

impl Command {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let (workers, errors) = Workers::find_live(&SearchPath::new(&self.workers.folders));
        errors.iter().for_each(|error| say!("error: {error}"));
        if !errors.is_empty() {
            return Err(ExitCode::from(FAILED));
        }
        let Asked { host, simulated: world, input, output } =
            asked(self.host, self.input.as_deref(), self.output.as_deref()).map_err(fail)?;
        let setup = Setup {
            graphs: self.graphs.clone(),
            host,
            input,
            output,
            rate: self.rate,
            block: self.block,
            realtime: !self.ordinary,
            record: self.record.clone(),
            dumps: self.dump_dir.clone(),
        };
        let stop = super::many::on_ctrl_c()?;
        let mut session = Session::open(setup, workers).map_err(fail)?;
        let mut remote = self.remote(&mut session)?;
        let mut face = self.face()?;
        let result = self.play(&mut session, &mut face, &mut remote, &world, stop);
        drop(remote);
        drop(face); // the terminal is given back first
        session.close().into_iter().for_each(|why| say!("note: {why}"));
        match world.map(|world| world.finish()) {
            Some(Err(why)) => Err(fail(why)),
            _ => result,
        }
    }

    /// Control from outside, if it is wanted.
    fn remote(&self, session: &mut Session) -> Result<Option<Remote>, ExitCode> {
        if self.control.is_empty() && self.osc.is_none() {
            return Ok(None);
        }
        let options = Options { control: self.control.clone(), osc: self.osc, listen: self.listen };
        let remote = Remote::start(&options).map_err(fail)?;
        remote.places().iter().for_each(|place| session.tell(format!("listening at {place}")));
        Ok(Some(remote))
    }

    fn face(&self) -> Result<Face, ExitCode> {
        if self.json {
            return Ok(Face::Json(Json::new()));
        }
        if self.plain {
            return Ok(Face::Plain(Plain::new()));
        }
        if let Err(why) = Screen::fits() {
            say!("note: {why}");
            return Ok(Face::Plain(Plain::new()));
        }
        let screen = Screen::open().map_err(|why| fail(format!("the terminal cannot be used: {why}")))?;
        Ok(Face::Screen(Box::new(screen)))
    }

    fn play(
        &self,
        session: &mut Session,
        face: &mut Face,
        remote: &mut Option<Remote>,
        world: &Option<Simulated>,
        stop: &AtomicBool,
    ) -> Result<ExitCode, ExitCode> {
        let mut end = self.seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
        while !session.quits() && !stop.load(Ordering::Relaxed) && end.is_none_or(|end| Instant::now() < end) {
            session.turn(Instant::now());
            if end.is_none() && world.as_ref().is_some_and(Simulated::played_out) {
                end = Some(Instant::now() + AFTER);
            }
            let scene = session.scene();
            if let Some(remote) = remote {
                remote.publish(&scene);
                remote.notes().into_iter().for_each(|note| session.refuse(note));
                for asked in remote.acts() {
                    asked.answer.give(session.act(asked.act).map(|()| String::new()));
                }
            }
            for act in face.turn(&scene)? {
                if let Err(why) = session.act(act) {
                    session.refuse(why);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Face {
    /// Shows a scene; answers what is asked within the time to the next.
    fn turn(&mut self, scene: &Scene) -> Result<Vec<Act>, ExitCode> {
        let lines = match self {
            Self::Screen(screen) => {
                screen.show(scene).map_err(|why| fail(format!("the terminal cannot be used: {why}")))?;
                return Ok(screen.acts(TURN));
            }
            Self::Plain(plain) => plain.lines(scene, Instant::now()),
            Self::Json(json) => json.lines(scene, Instant::now()),
        };
        let mut out = std::io::stdout().lock();
        let written = lines.iter().try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush());
        drop(out);
        match written {
            Err(why) if why.kind() == std::io::ErrorKind::BrokenPipe => return Ok(vec![Act::Quit]),
            Err(why) => return Err(fail(format!("cannot write to standard output: {why}"))),
            Ok(()) => {}
        }
        std::thread::sleep(TURN);
        Ok(vec![])
    }
}
