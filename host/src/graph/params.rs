//! The keys of a node → the values of its worker: types, ranges, choices, defaults.
use super::codes::Code;
use super::diag::{Diag, Diags, nearest};
use super::installed;
use super::item::{Entry, Item, Span, Spanned};
use super::preset;
use super::table::wrong_type;
use crate::plugin::{Descriptor, Param, ParamType, Value};
use std::path::Path;

/// Reads every parameter of a worker; mistakes are noted, and defaults stand in for them.
pub fn read(
    worker: &Descriptor,
    entries: &[Entry],
    node: &Spanned<String>,
    folder: &Path,
    diags: &mut Diags,
) -> Vec<Value> {
    let (preset, entries) = preset::take(worker, entries, diags);
    let known = || worker.params.iter().map(|param| param.name.as_str());
    let unknown: Vec<&Entry> = entries.iter().filter(|entry| !known().any(|name| name == entry.key.value)).collect();
    unknown.iter().for_each(|entry| diags.push(unknown_key(worker, entry, node)));
    let meant = |name: &str| unknown.iter().any(|entry| nearest(&entry.key.value, [name]).is_some());
    let value = |param: &Param| {
        let given = entries.iter().find(|entry| entry.key.value == param.name);
        match given {
            None if preset.contains_key(param.name.as_str()) => preset[param.name.as_str()].clone(),
            None if param.required && !meant(&param.name) => {
                let title = format!("worker `{}` needs `{}`", worker.id, param.name);
                let diag = Diag::new(Code::Missing, node.span.clone(), title);
                let diag =
                    if param.doc.is_empty() { diag } else { diag.note(format!("`{}`: {}", param.name, param.doc)) };
                diags.push(diag.help(format!("write `{} = …` in `[node.{}]`", param.name, node.value)));
                param.default.clone()
            }
            None => param.default.clone(),
            Some(Entry { item: Spanned { value: Item::Unread(_), .. }, .. }) => param.default.clone(),
            Some(entry) => match convert(param, &entry.item, folder) {
                Ok(value) => value,
                Err(diag) => {
                    diags.push(*diag);
                    param.default.clone()
                }
            },
        }
    };
    worker.params.iter().map(value).collect()
}

fn unknown_key(worker: &Descriptor, entry: &Entry, node: &Spanned<String>) -> Diag {
    let known = || worker.params.iter().map(|param| param.name.as_str());
    let key = &entry.key.value;
    let takes = takes(worker, key);
    let title = format!("worker `{}` has no parameter `{key}`", worker.id);
    let diag = Diag::new(Code::Param, entry.key.span.clone(), title).label(takes);
    let value = entry.item.value.plain();
    match (key.as_str(), &entry.item.value) {
        ("delay" | "delay_ms" | "feedback", Item::Int(_) | Item::Float(_)) => {
            diag.help(format!("it belongs to a connection: `in = {{ from = \"NODE\", {key} = {value} }}`"))
        }
        ("lane" | "late", Item::Text(_)) => {
            diag.help(format!("it belongs in `run`: `run = {{ {key} = \"{value}\" }}`"))
        }
        (_, Item::Table(inner)) if inner.iter().any(|entry| known().any(|name| name == entry.key.value)) => {
            diag.help(format!("parameters stand in `[node.{}]` itself", node.value))
        }
        _ => match known().find(|name| name.split_once('.').is_some_and(|(_, last)| last == key)) {
            Some(name) => diag.help(format!("it stands in a group: `{name} = {value}`")),
            None => {
                let own = if worker.presets.is_empty() { None } else { Some("preset") };
                // Of a key in a group, the group itself is right.
                let groups = known().filter_map(|name| name.split_once('.')).map(|(group, _)| group);
                let groups = groups.filter(|_| !key.contains('.'));
                diag.suggest(key, known().chain(groups).chain(["worker", "in", "run"]).chain(own))
            }
        },
    }
}

/// What a worker takes: of a group of parameters, what that group has; groups as a whole where there are many.
fn takes(worker: &Descriptor, key: &str) -> String {
    let group = |name: &str| name.split_once('.').map(|(group, _)| group.to_string());
    let mut names: Vec<String> = match group(key) {
        Some(of) => {
            worker.params.iter().map(|p| p.name.clone()).filter(|name| group(name) == Some(of.clone())).collect()
        }
        None => vec![],
    };
    if names.is_empty() {
        names =
            worker.params.iter().map(|p| group(&p.name).map_or(p.name.clone(), |group| format!("{group}.…"))).collect();
        names.dedup();
    }
    match names.len() {
        0 => format!("`{}` takes no parameters", worker.id),
        _ => format!("`{}` takes {}", worker.id, names.join(", ")),
    }
}

/// The entries of a node with those in groups of parameters under their full names: `mel = { bands = 80 }` is
/// `mel.bands = 80`.
pub fn flat(worker: &Descriptor, entries: &[Entry], diags: &mut Diags) -> Vec<Entry> {
    let mut flat = vec![];
    for entry in entries {
        let key = &entry.key.value;
        let prefix = format!("{key}.");
        let members = || worker.params.iter().filter_map(|param| param.name.strip_prefix(&prefix));
        if members().next().is_none() {
            match worker.params.iter().any(|param| param.name == *key) && key.contains('.') {
                true => diags.push(in_quotes(entry)),
                false => flat.push(entry.clone()),
            }
            continue;
        }
        match &entry.item.value {
            Item::Table(inner) => flat.extend(inner.iter().map(|entry| {
                let name = Spanned::new(format!("{prefix}{}", entry.key.value), entry.key.span.clone());
                Entry { key: name, ..entry.clone() }
            })),
            Item::Unread(_) => {}
            other => {
                let title = format!("`{key}` is a group of parameters, and {} is no table", other.what());
                let some: Vec<&str> = members().take(3).collect();
                let diag = Diag::new(Code::Type, entry.item.span.clone(), title);
                let example =
                    format!("write `{prefix}{} = …`, or `{key} = {{ {} = … }}`", some[0], some.join(" = …, "));
                diags.push(diag.help(example));
            }
        }
    }
    flat
}

/// `"mel.bands" = 80` is a key of its own in TOML, beside `mel.bands = 80`.
fn in_quotes(entry: &Entry) -> Diag {
    let key = &entry.key.value;
    let title = format!("`{key}` in quotes is one key with a dot in it, and no key of a group");
    let diag = Diag::new(Code::Param, entry.key.span.clone(), title);
    diag.help(format!("write it without the quotes: `{key} = {}`", entry.item.value.plain()))
}

/// Reads `text`, as the command line has it, as a value of a parameter.
///
/// # Errors
/// What is wrong with it.
pub fn from_text(param: &Param, text: &str) -> Result<Value, String> {
    match param.ty {
        ParamType::Text | ParamType::Path => from_item(param, Item::Text(text.into())),
        _ => from_toml(param, text),
    }
}

/// Reads `text`, as a graph file has it, as a value of a parameter.
///
/// # Errors
/// What is wrong with it.
pub fn from_toml(param: &Param, text: &str) -> Result<Value, String> {
    let mut diags = Diags::default();
    let entries = super::syntax::parse(&format!("value = {text}"), &mut diags);
    let item = match (entries.as_slice(), diags.errors()) {
        ([entry], 0) => entry.item.value.clone(),
        _ => Item::Text(text.into()),
    };
    from_item(param, item)
}

fn from_item(param: &Param, item: Item) -> Result<Value, String> {
    let here = std::env::current_dir().unwrap_or_default();
    convert(param, &Spanned::new(item, 0..0), &here).map_err(|diag| {
        let label = diag.marks[0].label.clone();
        [diag.title.clone(), label].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ")
    })
}

/// Reads a value of a graph file as one of a parameter.
pub fn convert(param: &Param, item: &Spanned<Item>, folder: &Path) -> Result<Value, Box<Diag>> {
    let span = || item.span.clone();
    let wrong = |wanted: &str| {
        let diag = wrong_type(&param.name, &item.value, span(), wanted, &param.unit);
        let diag = diag.unwrap_or_else(|| Diag::new(Code::Type, span(), "this cannot be read"));
        Box::new(match param.ty {
            ParamType::Floats | ParamType::Table if !param.doc.is_empty() => {
                diag.note(format!("`{}`: {}", param.name, param.doc))
            }
            _ => diag,
        })
    };
    match (param.ty, &item.value) {
        (ParamType::Bool, Item::Bool(yes)) => Ok(Value::Num(f64::from(u8::from(*yes)))),
        (ParamType::Bool, _) => Err(wrong("true or false")),
        (ParamType::Int, Item::Int(n)) => number(param, *n as f64, span()),
        (ParamType::Int, _) => Err(wrong("a whole number")),
        (ParamType::Float, Item::Int(n)) => number(param, *n as f64, span()),
        (ParamType::Float, Item::Float(x)) => number(param, *x, span()),
        (ParamType::Float, _) => Err(wrong("a number")),
        (ParamType::Text, Item::Text(text)) => choice(param, text, span()),
        (ParamType::Text, _) => Err(wrong("a text")),
        (ParamType::Path, Item::Text(text)) => path(param, text, span(), folder),
        (ParamType::Path, _) => Err(wrong("the path of a file")),
        (ParamType::Floats, Item::List(list)) => {
            let numbers = list.iter().map(|item| match &item.value {
                Item::Int(n) => Ok(*n as f64),
                Item::Float(x) if x.is_finite() => Ok(*x),
                other => {
                    let title = format!("`{}` takes a list of numbers, and {} is in it", param.name, other.what());
                    Err(Box::new(Diag::new(Code::Type, item.span.clone(), title)))
                }
            });
            numbers.collect::<Result<_, _>>().map(Value::List)
        }
        (ParamType::Floats, _) => Err(wrong("a list of numbers")),
        (ParamType::Table, Item::Table(entries)) => {
            let pairs = entries.iter().map(|entry| match &entry.item.value {
                Item::Table(_) | Item::Date(_) => {
                    let what = entry.item.value.what();
                    let title = format!("`{}` takes texts, numbers and lists, and {what} is in it", param.name);
                    let diag = Diag::new(Code::Type, entry.item.span.clone(), title);
                    let no_doc = param.doc.is_empty();
                    Err(Box::new(if no_doc { diag } else { diag.note(format!("`{}`: {}", param.name, param.doc)) }))
                }
                Item::Text(text) if text.contains('\0') => Err(null_byte(param, entry.item.span.clone())),
                _ if entry.key.value.contains('\0') => Err(null_byte(param, entry.key.span.clone())),
                item => Ok((entry.key.value.clone(), item.plain())),
            });
            pairs.collect::<Result<_, _>>().map(Value::Table)
        }
        (ParamType::Table, _) => Err(wrong("a table")),
    }
}

fn null_byte(param: &Param, span: Span) -> Box<Diag> {
    Box::new(Diag::new(Code::Value, span, format!("`{}` has a null byte in it", param.name)))
}

fn number(param: &Param, x: f64, span: Span) -> Result<Value, Box<Diag>> {
    if x.is_finite() && x >= param.min && x <= param.max {
        return Ok(Value::Num(x));
    }
    let unit = if param.unit.is_empty() { String::new() } else { format!(" {}", param.unit) };
    let allowed = match (param.min.is_finite(), param.max.is_finite()) {
        (true, true) => format!("{} to {}{unit} are allowed", param.min, param.max),
        (true, false) => format!("{}{unit} or more is allowed", param.min),
        (false, true) => format!("{}{unit} or less is allowed", param.max),
        (false, false) => "a finite number is wanted".into(),
    };
    let title = match x.is_finite() {
        true => format!("`{}` cannot be {x}{unit}", param.name),
        false => format!("`{}` cannot be {}", param.name, x.to_string().to_lowercase()),
    };
    Err(Box::new(Diag::new(Code::Value, span, title).label(allowed)))
}

fn choice(param: &Param, text: &str, span: Span) -> Result<Value, Box<Diag>> {
    if text.contains('\0') {
        return Err(null_byte(param, span));
    }
    if param.choices.is_empty() || param.choices.iter().any(|choice| choice == text) {
        return Ok(Value::Text(text.into()));
    }
    let title = format!("`{}` cannot be `{text}`", param.name);
    let diag = Diag::new(Code::Value, span, title).label(format!("known are {}", param.choices.join(", ")));
    Err(Box::new(diag.suggest(text, param.choices.iter().map(String::as_str))))
}

fn path(param: &Param, text: &str, span: Span, folder: &Path) -> Result<Value, Box<Diag>> {
    if text.contains('\0') {
        return Err(null_byte(param, span));
    }
    let is_installed = text.starts_with('@');
    let path = match is_installed {
        true => installed::path(&param.name, text, span.clone())?,
        false => std::path::absolute(folder.join(text)).unwrap_or_else(|_| folder.join(text)),
    };
    let wrong = |title: String, label: &str| {
        let diag = Diag::new(Code::Path, span.clone(), title).label(label);
        Err(Box::new(match is_installed {
            true => diag.help("`aw doctor` says what is wrong with what is installed"),
            false => diag.note("paths are relative to the graph file"),
        }))
    };
    match std::fs::metadata(&path) {
        _ if text.is_empty() => return wrong(format!("`{}` names no file", param.name), ""),
        Ok(found) if found.is_dir() => return wrong(format!("`{}` names a folder", param.name), "a file is wanted"),
        Ok(_) => {}
        Err(why) => {
            let title = format!("`{}` names a file that cannot be read: {}", param.name, path.display());
            let near = near_path(text, &path, folder);
            return wrong(title, &plain(&why)).map_err(|diag| match near {
                Some(near) => Box::new(diag.help(format!("did you mean `{near}`?"))),
                None => diag,
            });
        }
    }
    match path.to_str() {
        Some(path) => Ok(Value::Text(path.into())),
        None => Err(Box::new(Diag::new(Code::Path, span, "this path is not UTF-8"))),
    }
}

/// The system's words without its number.
fn plain(why: &std::io::Error) -> String {
    match why.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "you may not read it".into(),
        kind => kind.to_string(),
    }
}

/// A path that is there, and that `text` may stand for: with another name of the file, or with folders left out.
fn near_path(text: &str, path: &Path, folder: &Path) -> Option<String> {
    let (before, name) = text.rsplit_once('/').map_or(("", text), |(before, name)| (before, name));
    let entries = std::fs::read_dir(path.parent()?).ok().into_iter().flatten().filter_map(Result::ok);
    let siblings: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    if let Some(near) = nearest(name, siblings.iter().map(String::as_str)) {
        return Some(if before.is_empty() { near.into() } else { format!("{before}/{near}") });
    }
    let mut rest = text;
    while let Some((_, shorter)) = rest.split_once('/') {
        rest = shorter;
        if !rest.is_empty() && folder.join(rest).is_file() {
            return Some(rest.into());
        }
    }
    None
}
