//! A real PulseAudio server without hardware, or PipeWire in its place. It has two sinks: what is played into `mic` is
//! heard from `mic.monitor`, and what is played into `speaker` from `speaker.monitor`. Nothing of the user's is touched.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take to come up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server of its own. It ends when dropped.
pub struct PulseServer {
    folder: TempDir,
    /// The programs that it consists of.
    programs: Vec<Vec<String>>,
    running: Vec<Child>,
}

impl PulseServer {
    /// PulseAudio. `None`, and a line that says so, where it is not installed.
    ///
    /// # Panics
    /// If it is there and does not come up.
    pub fn start() -> Option<Self> {
        let programs = ["pulseaudio", "pactl", "paplay", "parecord"];
        if !all_here(&programs, "pulseaudio and pulseaudio-utils") {
            return None;
        }
        let folder = folder();
        let script = folder.path().join("script.pa");
        let sink = |name: &str| format!("load-module module-null-sink sink_name={name} rate=48000 channels=2\n");
        let socket = format!("auth-anonymous=1 socket={}", socket(folder.path()).display());
        let said = format!("load-module module-native-protocol-unix {socket}\n{}{}", sink("mic"), sink("speaker"));
        write(&script, said + "set-default-source mic.monitor\nset-default-sink speaker\n");
        let flags = "-n --daemonize=no --exit-idle-time=-1 --use-pid-file=no --disable-shm=yes -F";
        let flags = flags.split(' ').map(String::from);
        let all = ["pulseaudio".into()].into_iter().chain(flags).chain([script.display().to_string()]).collect();
        Some(Self::up(folder, vec![all]))
    }

    /// PipeWire, which speaks as PulseAudio does. `None`, and a line that says so, where it is not installed.
    ///
    /// # Panics
    /// If it is there and does not come up.
    pub fn start_pipewire() -> Option<Self> {
        let programs = ["pipewire", "wireplumber", "pipewire-pulse", "pactl", "paplay", "parecord"];
        if !all_here(&programs, "pipewire, wireplumber, pipewire-pulse and pulseaudio-utils") {
            return None;
        }
        // Only what connects streams: what watches for hardware ends where nobody is logged in.
        if !Path::new("/usr/share/wireplumber/policy.conf").exists() {
            println!("skipped: this WirePlumber has no policy.conf, as 0.4 has");
            return None;
        }
        let folder = folder();
        let sink = |name: &str| {
            format!(
                "{{ factory = adapter args = {{ factory.name = support.null-audio-sink node.name = {name} \
                 media.class = Audio/Sink object.linger = true audio.position = [ FL FR ] audio.rate = 48000 }} }}\n"
            )
        };
        let added = folder.path().join("config/pipewire/pipewire.conf.d");
        fs::create_dir_all(&added).unwrap_or_else(|why| panic!("{}: {why}", added.display()));
        write(&added.join("sinks.conf"), format!("context.objects = [\n{}{}]\n", sink("mic"), sink("speaker")));
        let programs = [&["pipewire"][..], &["wireplumber", "-c", "policy.conf"], &["pipewire-pulse"]];
        let words = |program: &[&str]| program.iter().map(|word| word.to_string()).collect();
        Some(Self::up(folder, programs.into_iter().map(words).collect()))
    }

    fn up(folder: TempDir, programs: Vec<Vec<String>>) -> Self {
        let mut server = Self { folder, programs, running: vec![] };
        server.run();
        server
    }

    fn run(&mut self) {
        for program in &self.programs {
            let mut command = self.command(Path::new(&program[0]));
            command.args(&program[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            self.running.push(command.spawn().unwrap_or_else(|why| panic!("{}: {why}", program[0])));
            // PipeWire's parts look for the first of them once.
            let socket = self.folder.path().join("run/pipewire-0");
            wait("PipeWire does not come up", || program[0] != "pipewire" || socket.exists());
        }
        let sinks = || self.command(Path::new("pactl")).args(["list", "short", "sinks"]).output();
        let there = |output: Output| crate::stdout(&output).contains("\tspeaker\t");
        wait("the sound server does not come up", || sinks().is_ok_and(there));
    }

    /// The server dies without a word, as if it crashed.
    pub fn kill(&mut self) {
        for mut program in self.running.drain(..).rev() {
            drop(program.kill());
            drop(program.wait());
        }
    }

    /// It comes up again.
    ///
    /// # Panics
    /// If it does not.
    pub fn restart(&mut self) {
        self.kill();
        self.run();
    }

    /// A program that finds this server.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        self.known_to(&mut command);
        command
    }

    /// A command is to find this server, and nothing of the user's.
    pub fn known_to<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let folder = self.folder.path();
        command.env("HOME", folder).env("PULSE_COOKIE", folder.join("cookie"));
        command.env("PULSE_SERVER", format!("unix:{}", socket(folder).display()));
        for (variable, place) in [("RUNTIME_DIR", "run"), ("CONFIG_HOME", "config"), ("STATE_HOME", "state")] {
            command.env(format!("XDG_{variable}"), folder.join(place));
        }
        command.env("PIPEWIRE_RUNTIME_DIR", folder.join("run")).env("PULSE_RUNTIME_PATH", folder.join("run/pulse"));
        command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", folder.join("no-bus").display()))
    }

    /// Plays a WAV file into `mic`, and answers what was heard from `speaker` meanwhile, at so many samples a second.
    ///
    /// # Panics
    /// If it does not start.
    pub fn play(&self, wav: &Path, rate: u32) -> Vec<f32> {
        let record = self.folder.path().join("heard.f32");
        let mut parecord = self.command(Path::new("parecord"));
        parecord.args(["-d", "speaker.monitor", "--raw", "--format=float32le", "--channels=1", "--latency-msec=50"]);
        parecord.arg(format!("--rate={rate}")).arg(&record).stdout(Stdio::null()).stderr(Stdio::null());
        let mut parecord = parecord.spawn().unwrap_or_else(|why| panic!("parecord: {why}"));
        wait("nothing is recorded", || fs::metadata(&record).is_ok_and(|file| file.len() > 0));
        let played = self.command(Path::new("paplay")).args(["-d", "mic", "--latency-msec=100"]).arg(wav).output();
        let played = played.unwrap_or_else(|why| panic!("paplay: {why}"));
        assert!(played.status.success(), "{}", crate::stderr(&played));
        std::thread::sleep(Duration::from_millis(700)); // what is still on its way
        drop(Command::new("kill").args(["-INT", &parecord.id().to_string()]).status());
        drop(parecord.wait());
        let bytes = fs::read(&record).unwrap_or_else(|why| panic!("{}: {why}", record.display()));
        drop(fs::remove_file(&record));
        bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
    }
}

impl Drop for PulseServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn folder() -> TempDir {
    use std::os::unix::fs::DirBuilderExt;
    let folder = tempfile::tempdir().unwrap_or_else(|why| panic!("no folder: {why}"));
    for place in ["run/pulse", "config", "state"] {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.path().join(place));
        made.unwrap_or_else(|why| panic!("{place}: {why}"));
    }
    // PipeWire wants one of this length, whatever is in it.
    fs::write(folder.path().join("cookie"), [0; 256]).unwrap_or_else(|why| panic!("cookie: {why}"));
    folder
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("run/pulse/native")
}

fn write(path: &Path, text: String) {
    fs::write(path, text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
}

fn all_here(programs: &[&str], packages: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let here = |program: &&&str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let lacks = programs.iter().find(|program| !here(program));
    if let Some(program) = lacks {
        println!("skipped: there is no {program}; the packages are called {packages}");
    }
    lacks.is_none()
}

fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
