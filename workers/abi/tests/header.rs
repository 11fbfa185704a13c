//! `worker.h` is the C face of `src/lib.rs`: this test writes it anew and compares. To renew the committed file after a
//! change of the ABI: `AW_BLESS=1 cargo test -p aw-abi`.

use cbindgen::{Config, Language, SortKey, Style};
use std::collections::HashMap;
use std::path::Path;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// Types, each `aw_` and its name in lower case.
const TYPES: &[&str] = &[
    "Status", "Kind", "Dir", "Port", "Type", "Param", "Pair", "Preset", "Value", "Format", "Stream", "Setup", "Event",
    "Buffer", "Block", "Level", "Host", "Heap", "Instance", "Worker", "Library", "Entry",
];

/// Constants that belong to no type.
const CONSTANTS: &[(&str, &str)] = &[
    ("ABI_MAJOR", "AW_ABI_MAJOR"),
    ("ABI_MINOR", "AW_ABI_MINOR"),
    ("MAX_RANK", "AW_MAX_RANK"),
    ("MAX_PORTS", "AW_MAX_PORTS"),
    ("ENDLESS", "AW_ENDLESS"),
    ("NO_END", "AW_NO_END"),
    ("OPTIONAL", "aw_port_OPTIONAL"),
    ("MANY", "aw_port_MANY"),
    ("LIVE", "aw_param_LIVE"),
    ("REQUIRED", "aw_param_REQUIRED"),
    ("NAMES_OUTPUTS", "aw_param_NAMES_OUTPUTS"),
    ("SAME_WORK", "aw_param_SAME_WORK"),
    ("MAY_BLOCK", "aw_worker_MAY_BLOCK"),
];

/// Follows the generated types: the one function that a library defines.
const ENTRY: &str = "\
#if defined(_WIN32)
#define AW_EXPORT __declspec(dllexport)
#else
#define AW_EXPORT __attribute__((visibility(\"default\")))
#endif

#ifdef __cplusplus
extern \"C\"
#endif
// The one symbol a library exports. Returning null refuses the host.
AW_EXPORT const aw_library *aw_entry(uint32_t host_major, uint32_t host_minor);

#endif // AW_WORKER_H
";

fn c_names() -> HashMap<String, String> {
    let types = TYPES.iter().map(|name| (name.to_string(), format!("aw_{}", name.to_lowercase())));
    let constants = CONSTANTS.iter().map(|(rust, c)| (rust.to_string(), c.to_string()));
    let mut names: HashMap<String, String> = types.chain(constants).collect();
    names.insert("Entry".into(), "aw_entry_fn".into()); // `aw_entry` is the function itself
    names
}

/// A line of the header with the names between its backticks as C spells them: `Level::ERROR` → `aw_level_ERROR`,
/// `Stream::tail` → `aw_stream.tail`, `port_flags` → `aw_port_...`.
fn in_c(line: &str, names: &HashMap<String, String>) -> String {
    let spell = |name: &str| match name.split_once("::") {
        Some((owner, field)) => names.get(owner).map(|owner| match field.starts_with(char::is_uppercase) {
            true => format!("{owner}_{field}"),
            false => format!("{owner}.{field}"),
        }),
        None => names.get(name).cloned().or_else(|| name.strip_suffix("_flags").map(|owner| format!("aw_{owner}_..."))),
    };
    let part = |(i, part): (usize, &str)| match i % 2 {
        1 => spell(part).unwrap_or_else(|| part.into()),
        _ => part.into(),
    };
    line.split('`').enumerate().map(part).collect::<Vec<_>>().join("`")
}

/// The text about the whole, without the paragraph on how the header comes from the Rust file.
fn about(source: &str) -> String {
    let lines: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let paragraphs = lines.split(|line| line.is_empty()).filter(|lines| !lines.concat().contains("`worker.h`"));
    let paragraphs = paragraphs.map(|lines| lines.iter().map(|line| format!("//{line}\n")).collect::<String>());
    paragraphs.collect::<Vec<_>>().join("//\n")
}

fn write_header() -> String {
    let source = Path::new(FOLDER).join("src/lib.rs");
    let about = about(&std::fs::read_to_string(&source).expect("src/lib.rs"));
    let mut config = Config {
        language: Language::C,
        style: Style::Both,
        header: Some(format!(
            "{about}//\n// Generated from workers/abi/src/lib.rs. Do not edit: `AW_BLESS=1 cargo test -p aw-abi`.\n\n\
             #ifndef AW_WORKER_H\n#define AW_WORKER_H"
        )),
        trailer: Some(ENTRY.into()),
        no_includes: true,
        sys_includes: vec!["stddef.h".into(), "stdint.h".into()],
        usize_is_size_t: true,
        documentation_style: cbindgen::DocumentationStyle::C99,
        line_length: 100,
        ..Config::default()
    };
    config.export.rename = c_names();
    config.export.include = TYPES.iter().map(|name| name.to_string()).collect(); // no function names them
    config.constant.sort_by = Some(SortKey::None);
    let mut bytes = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_src(source)
        .generate()
        .expect("C from src/lib.rs")
        .write(&mut bytes);
    let names = c_names();
    let header = String::from_utf8(bytes).expect("UTF-8");
    header
        .lines()
        .map(|line| if line.trim_start().starts_with("//") { in_c(line, &names) } else { line.into() } + "\n")
        .collect()
}

#[test]
fn the_committed_header_is_the_rust_source_in_c() {
    let (path, fresh) = (Path::new(FOLDER).join("worker.h"), write_header());
    if std::env::var_os("AW_BLESS").is_some() {
        std::fs::write(&path, &fresh).expect("worker.h can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = committed.lines().zip(fresh.lines()).find(|(old, new)| old != new);
    assert!(
        committed == fresh,
        "workers/abi/worker.h is not what src/lib.rs says (first difference: {differs:?}).\n\
         If the ABI was meant to change: AW_BLESS=1 cargo test -p aw-abi, and read the diff."
    );
}

#[test]
fn every_name_in_the_header_is_ours() {
    for line in write_header().lines() {
        let word = |start: &str| line.strip_prefix(start).and_then(|rest| rest.split([' ', ';']).next());
        let defined =
            word("#define ").or(word("typedef struct ")).or(word("typedef uint32_t ")).or(word("typedef int32_t "));
        if let Some(name) = defined {
            assert!(name.starts_with("aw_") || name.starts_with("AW_"), "`{name}` would clash in a C author's world");
        }
    }
}
