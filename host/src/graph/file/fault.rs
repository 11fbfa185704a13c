//! What goes wrong on a simulated device: in a test, in a device profile, and on the command line.
use super::super::codes::Code;
use super::super::diag::{Diag, Diags, nearest};
use super::super::item::{Entry, Item, Span, Spanned};
use super::super::syntax;
use super::super::table::Table;

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// From when on, in seconds of the device's clock.
    pub from_s: f64,
    /// Until when.
    pub to_s: f64,
}

/// What goes wrong. Shares are of blocks, from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// The interrupt of a block comes up to so many µs late, each time anew.
    Jitter {
        /// At most, in µs.
        us: f64,
    },
    /// The interrupt of some blocks comes late.
    Late {
        /// How many.
        share: f64,
        /// By how much, in ms.
        ms: f64,
    },
    /// The interrupt of some blocks does not come: they are neither heard nor answered.
    Lost {
        /// How many.
        share: f64,
    },
    /// Some blocks do not arrive: the buffer holds what it held before.
    Drop {
        /// How many.
        share: f64,
    },
    /// Bits of samples that come in are wrong.
    Bits {
        /// How many of all bits, from 0 to 1.
        share: f64,
    },
    /// The device is not there, from `from_s` to `to_s`.
    Unplug,
    /// Something else keeps a core busy, before everything of ours.
    Burner {
        /// How much of one core, in percent.
        percent: f64,
        /// How often it begins, in ms.
        every_ms: f64,
    },
    /// Something else holds memory.
    Hog {
        /// Of which heap; the first if none is named.
        heap: Option<String>,
        /// How much, in KiB.
        kib: f64,
    },
    /// The clock of what comes out runs faster than that of what comes in.
    Drift {
        /// By so many millionths.
        ppm: f64,
    },
}

/// The kinds, and what each takes beside `from_s` and `to_s`.
pub(crate) const FAULTS: &[(&str, &[&str])] = &[
    ("jitter", &["us"]),
    ("late", &["share", "ms"]),
    ("lost", &["share"]),
    ("drop", &["share"]),
    ("bits", &["share"]),
    ("unplug", &[]),
    ("burner", &["percent", "every_ms"]),
    ("hog", &["heap", "kib"]),
    ("drift", &["ppm"]),
];

impl Fault {
    /// As on the command line: `late,share=0.01,ms=5`.
    ///
    /// # Errors
    /// What is wrong with it, and what there is.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split(',').map(str::trim);
        let kind = words.next().unwrap_or_default();
        let keys: Vec<&str> = words.collect();
        let quoted = |key: &&str| match key.split_once('=') {
            // A heap may be named without quotes, which a shell takes away.
            Some((name, value)) if name.trim() == "heap" => format!("heap = {:?}", value.trim().trim_matches('"')),
            _ => (*key).to_string(),
        };
        let toml = format!(
            "fault = {{ {} }}",
            std::iter::once(format!("kind = {kind:?}")).chain(keys.iter().map(quoted)).collect::<Vec<_>>().join(", ")
        );
        let mut diags = Diags::default();
        let entry = syntax::parse(&toml, &mut diags).into_iter().next();
        let fault = entry.and_then(|entry| read_fault(entry.item, &mut diags));
        let wrong = diags.iter().next().map(Diag::in_a_line);
        match (fault, wrong) {
            (Some(fault), None) => Ok(fault),
            (_, wrong) => Err(wrong.unwrap_or_else(|| "write KIND,KEY=NUMBER, such as late,share=0.01,ms=5".into())),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self.kind {
            FaultKind::Jitter { .. } => "jitter",
            FaultKind::Late { .. } => "late",
            FaultKind::Lost { .. } => "lost",
            FaultKind::Drop { .. } => "drop",
            FaultKind::Bits { .. } => "bits",
            FaultKind::Unplug => "unplug",
            FaultKind::Burner { .. } => "burner",
            FaultKind::Hog { .. } => "hog",
            FaultKind::Drift { .. } => "drift",
        }
    }
}

impl std::fmt::Display for Fault {
    /// As on the command line.
    fn fmt(&self, to: &mut std::fmt::Formatter) -> std::fmt::Result {
        to.write_str(self.name())?;
        match &self.kind {
            FaultKind::Jitter { us } => write!(to, ",us={us}")?,
            FaultKind::Late { share, ms } => write!(to, ",share={share},ms={ms}")?,
            FaultKind::Lost { share } | FaultKind::Drop { share } | FaultKind::Bits { share } => {
                write!(to, ",share={share}")?;
            }
            FaultKind::Unplug => {}
            FaultKind::Burner { percent, every_ms } => write!(to, ",percent={percent},every_ms={every_ms}")?,
            FaultKind::Hog { heap: Some(heap), kib } => write!(to, ",heap={heap},kib={kib}")?,
            FaultKind::Hog { heap: None, kib } => write!(to, ",kib={kib}")?,
            FaultKind::Drift { ppm } => write!(to, ",ppm={ppm}")?,
        }
        if self.from_s > 0.0 {
            write!(to, ",from_s={}", self.from_s)?;
        }
        if self.to_s.is_finite() {
            write!(to, ",to_s={}", self.to_s)?;
        }
        Ok(())
    }
}

/// The faults of a list.
pub(crate) fn read_faults(list: Vec<Spanned<Item>>, diags: &mut Diags) -> Vec<Fault> {
    list.into_iter().filter_map(|item| read_fault(item, diags)).collect()
}

fn read_fault(item: Spanned<Item>, diags: &mut Diags) -> Option<Fault> {
    match item.value {
        Item::Table(entries) => read_entries(item.span, entries, diags),
        other => {
            let title = format!("a fault is a table, not {}", other.what());
            diags.push(Diag::new(Code::Type, item.span, title).help("write { kind = \"lost\", share = 0.02 }"));
            None
        }
    }
}

/// A fault of the keys of a table.
pub(crate) fn read_entries(span: Span, entries: Vec<Entry>, diags: &mut Diags) -> Option<Fault> {
    let mut table = Table::new("a fault", entries, span, diags);
    let names = || FAULTS.iter().map(|(name, _)| *name);
    let Some(kind) = table.text("kind") else {
        if !table.seen("kind") {
            table.missing("kind", "a fault does not say its `kind`", &format!("there are {}", list(names())));
        }
        return None;
    };
    let Some((_, keys)) = FAULTS.iter().find(|(name, _)| *name == kind.value) else {
        let diag = Diag::new(Code::Value, kind.span, format!("there is no fault `{}`", kind.value));
        let diag = diag.label(format!("there are {}", list(names())));
        table.push(match nearest(&kind.value, names()) {
            Some(near) => diag.help(format!("did you mean `{near}`?")),
            None => diag,
        });
        return None;
    };
    let needed = |table: &mut Table, key: &str, range| {
        let found = table.float(key, range).map(|number| number.value);
        if found.is_none() && !table.seen(key) {
            table.missing(key, format!("the fault `{}` needs `{key}`", kind.value), &format!("write `{key} = …`"));
        }
        found
    };
    let share = 0.0..=1.0;
    let what = match kind.value.as_str() {
        "jitter" => needed(&mut table, "us", 0.0..=1e7).map(|us| FaultKind::Jitter { us }),
        "late" => {
            let (share, ms) = (needed(&mut table, "share", share), needed(&mut table, "ms", 0.0..=60_000.0));
            share.zip(ms).map(|(share, ms)| FaultKind::Late { share, ms })
        }
        "lost" => needed(&mut table, "share", share).map(|share| FaultKind::Lost { share }),
        "drop" => needed(&mut table, "share", share).map(|share| FaultKind::Drop { share }),
        "bits" => needed(&mut table, "share", share).map(|share| FaultKind::Bits { share }),
        "unplug" => Some(FaultKind::Unplug),
        "burner" => {
            let percent = needed(&mut table, "percent", 0.0..=100.0);
            let every_ms = table.float("every_ms", 0.01..=60_000.0).map_or(10.0, |every| every.value);
            percent.map(|percent| FaultKind::Burner { percent, every_ms })
        }
        "hog" => {
            let heap = table.text("heap").map(|heap| heap.value);
            needed(&mut table, "kib", 0.0..=1e9).map(|kib| FaultKind::Hog { heap, kib })
        }
        _ => needed(&mut table, "ppm", -100_000.0..=100_000.0).map(|ppm| FaultKind::Drift { ppm }),
    };
    let from = table.float("from_s", 0.0..=1e6);
    let from_s = from.as_ref().map_or(0.0, |from| from.value);
    let to = table.float("to_s", 0.0..=1e6);
    let to_s = to.as_ref().map_or(f64::INFINITY, |to| to.value);
    if let Some(to) = to.filter(|to| to.value <= from_s) {
        let diag = Diag::new(Code::Value, to.span, "this fault ends before it begins");
        table.push(diag.help("write a `to_s` that is greater than `from_s`"));
    }
    let known: Vec<&str> = ["kind"].iter().chain(*keys).chain(&["from_s", "to_s"]).copied().collect();
    table.rest(&known);
    what.map(|kind| Fault { kind, from_s, to_s })
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
