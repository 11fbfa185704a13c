//! `"@NAME/FILE"`: a file of a model that `aw install` has brought.
use super::codes::Code;
use super::diag::{Diag, nearest};
use super::item::Span;
use crate::install::{Catalogue, Home, Kind, Record};
use std::path::{Path, PathBuf};

/// What is said of a model without a name.
const NAMELESS: &str = "installed models are named \"@NAME/FILE\"; a file whose own name begins with @ is \"./@…\"";

/// Where the file is that `text` names for a parameter.
///
/// # Errors
/// There is no such model, or no such file in it.
pub fn path(param: &str, text: &str, span: Span) -> Result<PathBuf, Box<Diag>> {
    let wrong = |title: String| Diag::new(Code::Path, span.clone(), title);
    let named = text.strip_prefix('@').unwrap_or(text);
    let (name, file) = named.split_once('/').unwrap_or((named, ""));
    let Some(home) = Home::find() else {
        let diag = wrong(format!("`{param}` names an installed model, and no place for such is known"));
        return Err(Box::new(diag.help("set AW_HOME to a folder")));
    };
    let folder = home.place(Kind::Model, name);
    let is_installed = Record::all(&home).contains(&(Kind::Model, name.to_string()));
    if is_installed && !file.is_empty() && files(&folder).iter().any(|known| known == file) {
        return Ok(folder.join(file));
    }
    let diag = match is_installed {
        true => {
            no_file(wrong(format!("`{param}` names a file that the model `{name}` does not have")), &folder, name, file)
        }
        false => no_model(wrong(String::new()), &home, param, name, file),
    };
    Err(Box::new(if file.is_empty() { diag.note(NAMELESS) } else { diag }))
}

/// The model is there, and the file is not.
fn no_file(diag: Diag, folder: &Path, name: &str, file: &str) -> Diag {
    let files = files(folder);
    let diag = diag.label(format!("it has {}", files.join(", ")));
    match nearest(file, files.iter().map(String::as_str)).filter(|_| !file.is_empty()) {
        Some(near) => diag.help(format!("did you mean `@{name}/{near}`?")),
        None => diag,
    }
}

/// The model is not there: either it can be had, or the name is wrong.
fn no_model(mut diag: Diag, home: &Home, param: &str, name: &str, file: &str) -> Diag {
    let catalogue = Catalogue::built_in().unwrap_or_default();
    let models = || catalogue.iter().filter(|entry| entry.kind == Kind::Model);
    if let Some(entry) = models().find(|entry| entry.name == name) {
        diag.title = format!("`{param}` names a file of the model `{name}`, which is not installed");
        let diag = diag.label(format!("{} is not there", home.place(Kind::Model, name).display()));
        let diag = diag.help(format!("`aw install {name}` brings it"));
        let known = entry.from.iter().flat_map(|archive| &archive.files).map(|file| file.name.as_str());
        return match nearest(file, known).filter(|near| *near != file && !file.is_empty()) {
            Some(near) => diag.help(format!("and did you mean `@{name}/{near}`?")),
            None => diag,
        };
    }
    diag.title = match name {
        "" => format!("`{param}` names no model"),
        _ => format!("`{param}` names the model `{name}`, and there is none of that name"),
    };
    let installed = Record::all(home).into_iter().filter(|(kind, _)| *kind == Kind::Model).map(|(_, name)| name);
    let known: Vec<String> = models().map(|entry| entry.name.clone()).chain(installed).collect();
    match nearest(name, known.iter().map(String::as_str)).filter(|_| !name.is_empty()) {
        Some(near) if file.is_empty() => diag.help(format!("did you mean a file of `@{near}`?")),
        Some(near) => diag.help(format!("did you mean `@{near}/{file}`?")),
        None => diag.help("`aw install --list` shows the models that there are"),
    }
}

/// The files of a model, by name, without the record of their installation.
fn files(folder: &Path) -> Vec<String> {
    Record::read(folder).map_or(vec![], |record| record.files.into_iter().map(|part| part.name).collect())
}
