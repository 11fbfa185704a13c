//! C descriptors → owned values, checked once, believed afterwards.
use aw_abi::{self as abi, Dir, Kind, Type, param_flags, port_flags, worker_flags};
use std::ffi::c_char;

/// Longest text of a descriptor, in bytes.
const MAX_TEXT: usize = 4096;
/// Most parameters, choices or workers that are plausible.
const MAX_COUNT: u32 = 1024;

/// A worker as it described itself.
#[derive(Debug)]
pub struct Descriptor {
    /// Its name in graph files.
    pub id: String,
    /// One line about it.
    pub summary: String,
    /// `process` may allocate or wait.
    pub may_block: bool,
    /// Its ports, in its own order.
    pub ports: Vec<Port>,
    /// Its parameters, in its own order.
    pub params: Vec<Param>,
    /// Its presets, in its own order.
    pub presets: Vec<Preset>,
    pub(super) functions: Functions,
}

/// A port of a worker.
#[derive(Clone, Debug)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// One line about it.
    pub doc: String,
    /// Whether the worker writes it.
    pub is_output: bool,
    /// What flows through it; may be `ANY`.
    pub kind: Kind,
    /// It may stay unconnected.
    pub optional: bool,
    /// It stands for any number of ports, named by the graph.
    pub many: bool,
}

/// Values of several parameters under one name.
#[derive(Clone, Debug)]
pub struct Preset {
    /// Its name.
    pub name: String,
    /// One line about it.
    pub doc: String,
    /// Names of parameters, and their values as TOML.
    pub values: Vec<(String, String)>,
}

/// A parameter of a worker.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its key.
    pub name: String,
    /// Its unit, or "".
    pub unit: String,
    /// One line about it.
    pub doc: String,
    /// Its type.
    pub ty: ParamType,
    /// It may change while rendering.
    pub live: bool,
    /// The graph file must set it.
    pub required: bool,
    /// Its keys name the ports that the MANY output stands for.
    pub names_outputs: bool,
    /// Calls do as much work whatever it is.
    pub same_work: bool,
    /// What it is when the graph file does not say.
    pub default: Value,
    /// Least number allowed.
    pub min: f64,
    /// Greatest number allowed.
    pub max: f64,
    /// Texts allowed; empty allows any.
    pub choices: Vec<String>,
}

/// Type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamType {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// A text.
    Text,
    /// A file, relative to the graph file.
    Path,
    /// A list of numbers.
    Floats,
    /// A table of texts.
    Table,
}

/// A value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of Bool (0 or 1), Int or Float.
    Num(f64),
    /// Of Text or Path.
    Text(String),
    /// Of Floats.
    List(Vec<f64>),
    /// Of Table.
    Table(Vec<(String, String)>),
}

/// The functions of a worker that have no fallback, and those that have.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::type_complexity)]
pub(super) struct Functions {
    pub create: unsafe extern "C" fn(*const abi::Host, *const abi::Value, *mut *mut abi::Instance) -> abi::Status,
    pub prepare: unsafe extern "C" fn(*mut abi::Instance, *mut abi::Setup) -> abi::Status,
    pub process: unsafe extern "C" fn(*mut abi::Instance, *const abi::Block) -> abi::Status,
    pub destroy: unsafe extern "C" fn(*mut abi::Instance),
    pub set_param: Option<unsafe extern "C" fn(*mut abi::Instance, u32, f64)>,
    pub reset: unsafe extern "C" fn(*mut abi::Instance),
    pub save: Option<unsafe extern "C" fn(*mut abi::Instance, *mut u8, usize, *mut usize) -> abi::Status>,
    pub load: Option<unsafe extern "C" fn(*mut abi::Instance, *const u8, usize) -> abi::Status>,
    pub extent: Option<unsafe extern "C" fn(*mut abi::Instance, u32, u64) -> u64>,
    pub rewind: Option<unsafe extern "C" fn(*mut abi::Instance)>,
}

/// What is wrong with a descriptor, in words for the worker's author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

type Checked<T> = Result<T, Fault>;

fn fault<T>(text: impl Into<String>) -> Checked<T> {
    Err(Fault(text.into()))
}

/// Reads at most [`MAX_TEXT`] bytes of a text.
///
/// # Safety
/// `text` is null or points at bytes that end in a null byte.
unsafe fn text(text: *const c_char, what: &str) -> Checked<String> {
    if text.is_null() {
        return Ok(String::new());
    }
    let mut bytes = Vec::new();
    loop {
        // SAFETY: no null byte has been met yet, so this byte belongs to the text.
        match unsafe { text.add(bytes.len()).read() } as u8 {
            0 => break,
            byte => bytes.push(byte),
        }
        if bytes.len() > MAX_TEXT {
            return fault(format!("{what} is longer than {MAX_TEXT} bytes"));
        }
    }
    String::from_utf8(bytes).or_else(|_| fault(format!("{what} is not UTF-8")))
}

/// As [`text`], for a name that graph authors write.
///
/// # Safety
/// As [`text`].
unsafe fn name(raw: *const c_char, what: &str) -> Checked<String> {
    // SAFETY: the caller's promise, passed on.
    let name = unsafe { text(raw, what) }?;
    match name.as_str() {
        "" => fault(format!("{what} is empty")),
        n if n.len() > 64 => fault(format!("{what} is longer than 64 bytes")),
        n if is_plain(n) => Ok(name),
        n => fault(format!("{what} is {n:?}; letters, digits and `_` are allowed")),
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// As [`name`], for a parameter: a dot may stand between a group and a key.
///
/// # Safety
/// As [`text`].
unsafe fn param_name(raw: *const c_char) -> Checked<String> {
    let what = "the name of a parameter";
    // SAFETY: the caller's promise, passed on.
    match unsafe { text(raw, what) }?.split_once('.') {
        Some((group, key)) if group.len() + key.len() < 64 && is_plain(group) && is_plain(key) => {
            Ok(format!("{group}.{key}"))
        }
        // SAFETY: as above.
        _ => unsafe { name(raw, what) },
    }
}

/// # Safety
/// `items` is null or points at `count` items.
unsafe fn slice<'a, T>(items: *const T, count: u32, most: u32, what: &str) -> Checked<&'a [T]> {
    match count {
        0 => Ok(&[]),
        n if n > most => fault(format!("it claims {n} {what}; {most} are allowed")),
        n if items.is_null() => fault(format!("it claims {n} {what}, but the pointer to them is null")),
        // SAFETY: the caller's promise.
        n => Ok(unsafe { std::slice::from_raw_parts(items, n as usize) }),
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a str>, what: &str) -> Checked<()> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return fault(format!("two {what} are called `{name}`"));
        }
    }
    Ok(())
}

/// Reads every worker of a library.
///
/// # Safety
/// `library` is what `aw_entry` returned for our version: every pointer in it is null or points where the ABI says.
pub(super) unsafe fn workers(library: &abi::Library) -> Checked<Vec<Descriptor>> {
    if (library.size as usize) < size_of::<abi::Library>() {
        return fault(format!("its `aw_library` has {} bytes; {} are needed", library.size, size_of::<abi::Library>()));
    }
    // SAFETY: the caller's promise.
    let tables = unsafe { slice(library.workers, library.worker_count, MAX_COUNT, "workers") }?;
    if tables.is_empty() {
        return fault("it has no workers");
    }
    let mut workers = Vec::new();
    for (i, table) in tables.iter().enumerate() {
        // SAFETY: as above.
        let Some(head) = (unsafe { table.cast::<u32>().as_ref() }) else {
            return fault(format!("worker {i} is null"));
        };
        // What came with version 1.1 stands behind `destroy`; a worker of 1.0 has none of it.
        let need = std::mem::offset_of!(abi::Worker, extent);
        if (*head as usize) < need {
            return fault(format!("worker {i}: its `aw_worker` has {head} bytes; {need} are needed"));
        }
        // All of it or nothing: half a pointer is none.
        let len = if (*head as usize) < size_of::<abi::Worker>() { need } else { size_of::<abi::Worker>() };
        let mut whole = std::mem::MaybeUninit::<abi::Worker>::zeroed();
        // SAFETY: `size` says that so many bytes are there; all of them zero is a table without functions and lists.
        let table = unsafe {
            std::ptr::copy_nonoverlapping(table.cast::<u8>(), whole.as_mut_ptr().cast::<u8>(), len);
            whole.assume_init_ref()
        };
        // SAFETY: as above.
        let id = unsafe { name(table.id, &format!("the id of worker {i}")) }?;
        // SAFETY: as above.
        let read = unsafe { worker(table, &id) };
        workers.push(read.map_err(|Fault(why)| Fault(format!("worker `{id}`: {why}")))?);
    }
    unique(workers.iter().map(|w| w.id.as_str()), "workers")?;
    Ok(workers)
}

/// # Safety
/// As [`workers`].
unsafe fn worker(table: &abi::Worker, id: &str) -> Checked<Descriptor> {
    // SAFETY: the caller's promise, for all three.
    let (summary, ports, params) = unsafe {
        let ports = slice(table.ports, table.port_count, abi::MAX_PORTS as u32, "ports")?;
        (text(table.summary, "its summary")?, ports, slice(table.params, table.param_count, MAX_COUNT, "parameters")?)
    };
    // SAFETY: as above.
    let ports = ports.iter().map(|p| unsafe { port(p) }).collect::<Checked<Vec<Port>>>()?;
    // SAFETY: as above.
    let params = params.iter().map(|p| unsafe { param(p) }).collect::<Checked<Vec<Param>>>()?;
    unique(ports.iter().map(|p| p.name.as_str()), "ports")?;
    unique(params.iter().map(|p| p.name.as_str()), "parameters")?;
    let group = |p: &Param| p.name.split_once('.').map(|(group, _)| group.to_string());
    if let Some(both) = params.iter().filter_map(group).find(|group| params.iter().any(|p| p.name == *group)) {
        return fault(format!("`{both}` is both a parameter and a group of parameters"));
    }
    // SAFETY: the caller's promise.
    let presets = unsafe { presets(table, &params) }?;
    for is_output in [false, true] {
        if ports.iter().filter(|p| p.many && p.is_output == is_output).count() > 1 {
            return fault("at most one input and one output port may be MANY");
        }
    }
    if params.iter().filter(|p| p.names_outputs).count() > 1 {
        return fault("at most one parameter may be NAMES_OUTPUTS");
    }
    if params.iter().any(|p| p.names_outputs) && !ports.iter().any(|p| p.many && p.is_output) {
        return fault("a parameter is NAMES_OUTPUTS, but no output port is MANY");
    }
    let missing = |what: &str| Fault(format!("it has no `{what}` function"));
    let functions = Functions {
        create: table.create.ok_or_else(|| missing("create"))?,
        prepare: table.prepare.ok_or_else(|| missing("prepare"))?,
        process: table.process.ok_or_else(|| missing("process"))?,
        destroy: table.destroy.ok_or_else(|| missing("destroy"))?,
        set_param: table.set_param,
        reset: table.reset.ok_or_else(|| missing("reset"))?,
        save: table.save,
        load: table.load,
        extent: table.extent,
        rewind: table.rewind,
    };
    if functions.set_param.is_none() && params.iter().any(|p| p.live) {
        return fault("it has a LIVE parameter, but no `set_param` function");
    }
    let may_block = table.flags & worker_flags::MAY_BLOCK != 0;
    Ok(Descriptor { id: id.into(), summary, may_block, ports, params, presets, functions })
}

/// # Safety
/// As [`workers`].
unsafe fn presets(table: &abi::Worker, params: &[Param]) -> Checked<Vec<Preset>> {
    // SAFETY: the caller's promise.
    let raw = unsafe { slice(table.presets, table.preset_count, MAX_COUNT, "presets") }?;
    let preset = |raw: &abi::Preset| {
        // SAFETY: as above.
        let (name, doc, pairs) = unsafe {
            let pairs = slice(raw.values, raw.value_count, MAX_COUNT, "values in a preset")?;
            (name(raw.name, "the name of a preset")?, text(raw.doc, "the doc of a preset")?, pairs)
        };
        // SAFETY: as above.
        let value = |pair: &abi::Pair| unsafe {
            Ok((text(pair.key, "a key in a preset")?, text(pair.text, "a value in a preset")?))
        };
        let values = pairs.iter().map(value).collect::<Checked<Vec<_>>>()?;
        match values.iter().find(|(key, _)| !params.iter().any(|param| param.name == *key)) {
            Some((key, _)) => fault(format!("preset `{name}` sets `{key}`, which is no parameter")),
            None => Ok(Preset { name, doc, values }),
        }
    };
    let presets = raw.iter().map(preset).collect::<Checked<Vec<Preset>>>()?;
    unique(presets.iter().map(|preset| preset.name.as_str()), "presets")?;
    if !presets.is_empty() && params.iter().any(|param| param.name.split('.').next() == Some("preset")) {
        return fault("a parameter or a group is called `preset`, which is how a graph takes one of its presets");
    }
    for preset in &presets {
        unique(preset.values.iter().map(|(key, _)| key.as_str()), &format!("values of preset `{}`", preset.name))?;
    }
    Ok(presets)
}

/// # Safety
/// As [`workers`].
unsafe fn port(raw: &abi::Port) -> Checked<Port> {
    // SAFETY: the caller's promise.
    let (name, doc) = unsafe { (name(raw.name, "the name of a port")?, text(raw.doc, "the doc of a port")?) };
    let is_output = match raw.dir {
        Dir::IN => false,
        Dir::OUT => true,
        Dir(code) => return fault(format!("port `{name}` has the unknown direction {code}")),
    };
    match raw.kind {
        Kind(code) if code > Kind::ANY.0 => return fault(format!("port `{name}` has the unknown kind {code}")),
        Kind::EVENTS if !is_output => return fault(format!("port `{name}`: events can only leave a worker")),
        _ => {}
    }
    let has = |flag| raw.flags & flag != 0;
    let (optional, many) = (has(port_flags::OPTIONAL), has(port_flags::MANY));
    Ok(Port { name, doc, is_output, kind: raw.kind, optional, many })
}

/// # Safety
/// As [`workers`].
unsafe fn param(raw: &abi::Param) -> Checked<Param> {
    // SAFETY: the caller's promise.
    let name = unsafe { param_name(raw.name) }?;
    // SAFETY: as above.
    unsafe { named_param(raw, &name) }.map_err(|Fault(why)| Fault(format!("parameter `{name}`: {why}")))
}

/// # Safety
/// As [`workers`].
unsafe fn named_param(raw: &abi::Param, name: &str) -> Checked<Param> {
    const RESERVED: [&str; 3] = ["worker", "in", "run"];
    if RESERVED.contains(&name) {
        return fault("the name is reserved by the graph language");
    }
    if let Some((group, _)) = name.split_once('.').filter(|(group, _)| RESERVED.contains(group)) {
        return fault(format!("the name of its group, `{group}`, is reserved by the graph language"));
    }
    // SAFETY: the caller's promise.
    let (unit, doc, default_text, choices) = unsafe {
        let default = text(raw.default_text, "its default")?;
        (text(raw.unit, "its unit")?, text(raw.doc, "its doc")?, default, choices(raw.choices)?)
    };
    let ty = match raw.ty {
        Type::BOOL => ParamType::Bool,
        Type::INT => ParamType::Int,
        Type::FLOAT => ParamType::Float,
        Type::TEXT => ParamType::Text,
        Type::PATH => ParamType::Path,
        Type::FLOATS => ParamType::Floats,
        Type::TABLE => ParamType::Table,
        Type(code) => return fault(format!("unknown type {code}")),
    };
    let has = |flag| raw.flags & flag != 0;
    let (live, required) = (has(param_flags::LIVE), has(param_flags::REQUIRED));
    let (names_outputs, same_work) = (has(param_flags::NAMES_OUTPUTS), live || has(param_flags::SAME_WORK));
    let is_number = matches!(ty, ParamType::Bool | ParamType::Int | ParamType::Float);
    let (min, max) = if ty == ParamType::Bool { (0.0, 1.0) } else { (raw.min, raw.max) };
    if live && !is_number {
        return fault("only a bool, an int or a float can be LIVE");
    }
    if names_outputs && ty != ParamType::Table {
        return fault("only a table can be NAMES_OUTPUTS");
    }
    if is_number && (min.is_nan() || max.is_nan() || min > max) {
        return fault(format!("its range {min} to {max} is empty"));
    }
    if is_number && !required && !(raw.default_num.is_finite() && raw.default_num >= min && raw.default_num <= max) {
        return fault(format!("its default {} is outside its range {min} to {max}", raw.default_num));
    }
    if is_number && ty != ParamType::Float && !required && raw.default_num.fract() != 0.0 {
        return fault(format!("its default {} is not whole", raw.default_num));
    }
    if !choices.is_empty() && !required && !choices.contains(&default_text) {
        return fault(format!("its default {default_text:?} is not among its choices"));
    }
    let default = match ty {
        ParamType::Bool | ParamType::Int | ParamType::Float => Value::Num(raw.default_num),
        ParamType::Text | ParamType::Path => Value::Text(default_text),
        ParamType::Floats => Value::List(vec![]),
        ParamType::Table => Value::Table(vec![]),
    };
    let name = name.into();
    Ok(Param { name, unit, doc, ty, live, required, names_outputs, same_work, default, min, max, choices })
}

/// # Safety
/// `raw` is null or points at texts, the last one null.
unsafe fn choices(raw: *const *const c_char) -> Checked<Vec<String>> {
    let mut choices = Vec::new();
    while !raw.is_null() {
        // SAFETY: no null pointer has been met yet, so this one belongs to the list.
        let choice = unsafe { raw.add(choices.len()).read() };
        if choice.is_null() {
            break;
        }
        if choices.len() as u32 == MAX_COUNT {
            return fault(format!("it has more than {MAX_COUNT} choices"));
        }
        // SAFETY: as above.
        choices.push(unsafe { text(choice, "a choice") }?);
    }
    if !raw.is_null() && choices.is_empty() {
        return fault("its list of choices is empty; null allows any text");
    }
    Ok(choices)
}
