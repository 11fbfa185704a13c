//! Engines and models: whether they are there, whole, and load.
use super::{Area, Finding, Open, Opened};
use crate::install::{Catalogue, Entry, Home, InstallError, Kind, Record, State};

/// Which engines a worker takes by `engine = "auto"`, the first that is there, and what it has built in.
const AUTO: [(&str, &[&str], Option<&str>); 3] = [
    ("onnx", &["onnxruntime"], Some("tract, which is built in")),
    ("tflite", &["tflite", "litert"], None),
    ("tflm", &["tflm"], None),
];

/// All engines of the catalogue, those of others that are installed, and which one each worker would take.
pub fn engines(home: &Home, catalogue: &Catalogue, open: Open) -> Vec<Finding> {
    let known = catalogue.iter().filter(|entry| entry.kind == Kind::Engine);
    let (mut findings, mut usable) = (vec![], vec![]);
    for entry in known {
        let (finding, loads) = engine(home, entry, open);
        findings.push(finding);
        usable.extend(loads.then_some(entry.name.as_str()));
    }
    let others = Record::all(home).into_iter();
    let others = others.filter(|(kind, name)| *kind == Kind::Engine && catalogue.get(name).is_none());
    findings.extend(others.map(|(kind, name)| whole(home, kind, &name, None)));
    let auto = AUTO.map(|(worker, engines, built_in)| {
        let what = format!("engine of `{worker}`");
        match (engines.iter().find(|engine| usable.contains(engine)), built_in) {
            (Some(engine), _) => Finding::fine(Area::Engines, what, format!("\"auto\" takes {engine}")),
            (None, Some(engine)) => Finding::fine(Area::Engines, what, format!("\"auto\" takes {engine}")),
            (None, None) => Finding::lack(Area::Engines, what, "none: the worker refuses every model")
                .remedy(format!("aw install {}", engines[0])),
        }
    });
    findings.extend(auto);
    findings
}

/// One engine, and whether a worker can use it.
fn engine(home: &Home, entry: &Entry, open: Open) -> (Finding, bool) {
    let finding = whole(home, entry.kind, &entry.name, Some(entry));
    let State::Whole(record) = State::of(home, entry.kind, &entry.name) else { return (finding, false) };
    let is_library = |name: &str| [".so", ".dylib", ".dll"].iter().any(|end| name.ends_with(end));
    let folder = home.place(entry.kind, &entry.name);
    for part in record.files.iter().filter(|part| is_library(&part.name)) {
        match open(&folder.join(&part.name), Opened::Library) {
            Ok(_) => {}
            // Made for Python: the worker brings what it would find there.
            Err(why) if entry.name == "tflm" && why.contains("undefined symbol: ") && why.contains("Py") => {}
            Err(why) => {
                let finding =
                    Finding::broken(Area::Engines, &entry.name, format!("{} does not load: {why}", part.name));
                return (finding.remedy(way_out(&entry.name, &why)), false);
            }
        }
    }
    (Finding { found: format!("{}, loads", finding.found), ..finding }, true)
}

/// What helps against the linker's words.
fn way_out(name: &str, why: &str) -> String {
    match why {
        _ if why.contains("GLIBC_") => format!("this system is too old for it: aw uninstall {name}"),
        _ if why.contains("libstdc++") || why.contains("GLIBCXX_") => {
            "install the C++ library: sudo apt install libstdc++6".into()
        }
        _ if why.contains("failed to map") || why.contains("cannot enable executable") => {
            "the disk may be mounted `noexec`: set AW_HOME to a folder on another".into()
        }
        _ => format!("aw uninstall {name} && aw install {name}"),
    }
}

/// All models that are installed.
pub fn models(home: &Home, catalogue: &Catalogue) -> Vec<Finding> {
    let installed = Record::all(home).into_iter().filter(|(kind, _)| *kind == Kind::Model);
    let findings: Vec<Finding> = installed.map(|(kind, name)| whole(home, kind, &name, catalogue.get(&name))).collect();
    if findings.is_empty() {
        let none = Finding::lack(Area::Models, "models", "none is installed");
        return vec![none.remedy("aw install --list shows them")];
    }
    findings
}

/// Whether something is there, to the bit, and what the catalogue has.
fn whole(home: &Home, kind: Kind, name: &str, entry: Option<&Entry>) -> Finding {
    let area = if kind == Kind::Engine { Area::Engines } else { Area::Models };
    match (State::of(home, kind, name), entry.map(Entry::here)) {
        (State::Absent, Some(Err(why @ (InstallError::NotHere { .. } | InstallError::Glibc { .. })))) => {
            Finding::fine(area, name, format!("not installed: {why}"))
        }
        (State::Absent, _) => Finding::lack(area, name, "not installed").remedy(format!("aw install {name}")),
        (State::Damaged(_, faults), Some(_)) => {
            Finding::broken(area, name, faults.join(", ")).remedy(format!("aw install {name}"))
        }
        (State::Damaged(_, faults), None) => Finding::broken(area, name, faults.join(", "))
            .remedy(format!("aw install --catalogue FILE {name}, with the catalogue that it came from")),
        (State::Whole(record), Some(Ok(archive))) if entry.is_some_and(|entry| !record.is_of(entry, archive)) => {
            let newer = entry.map_or("", |entry| &entry.version);
            let finding = Finding::lack(area, name, format!("{}, whole; `aw` was tested with {newer}", record.version));
            finding.remedy(format!("aw install {name}"))
        }
        (State::Whole(record), _) => Finding::fine(area, name, format!("{}, whole", record.version)),
    }
}
