//! The files that a graph names.
use super::file::GraphFile;
use super::item::Item;
use super::{Diags, installed, params};
use crate::plugin::{ParamType, Workers};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

impl GraphFile {
    /// Itself, what its inputs play, and what parameters of its nodes name, such as models; whether or not it is there,
    /// and though the rest of the graph be wrong.
    pub fn files(&self, workers: &Workers) -> BTreeSet<PathBuf> {
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let mut files: BTreeSet<PathBuf> =
            self.inputs.iter().filter_map(|input| input.wav.clone()).map(absolute).collect();
        files.insert(absolute(self.path.clone()));
        files.extend(self.named(workers).into_iter().map(|(_, path)| path));
        files
    }

    /// What parameters of nodes name: as it is written, and where that is.
    pub fn named(&self, workers: &Workers) -> Vec<(String, PathBuf)> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let mut files = vec![];
        for node in &self.nodes {
            let Some(found) = node.worker.as_ref().and_then(|id| workers.get(&id.value)) else { continue };
            for entry in params::flat(&found.worker, &node.params, &mut Diags::default()) {
                let is_path =
                    |param: &&crate::plugin::Param| param.name == entry.key.value && param.ty == ParamType::Path;
                let param = found.worker.params.iter().find(is_path);
                if let (Some(param), Item::Text(text)) = (param, &entry.item.value) {
                    let path = match text.starts_with('@') {
                        true => installed::path(&param.name, text, entry.item.span.clone()).ok(),
                        false => Some(absolute(folder.join(text))).filter(|_| !text.is_empty()),
                    };
                    files.extend(path.map(|path| (text.clone(), path)));
                }
            }
        }
        files
    }

    /// Lets parameters name other files: by what is written, where they are now.
    pub fn rename(&mut self, workers: &Workers, to: &BTreeMap<String, PathBuf>) {
        for node in &mut self.nodes {
            let Some(found) = node.worker.as_ref().and_then(|id| workers.get(&id.value)) else { continue };
            let is_path = |name: &str| {
                let mut params = found.worker.params.iter();
                params.any(|param| param.name == name && param.ty == ParamType::Path)
            };
            for entry in &mut node.params {
                let key = entry.key.value.clone();
                match &mut entry.item.value {
                    Item::Table(inner) => inner
                        .iter_mut()
                        .filter(|inner| is_path(&format!("{key}.{}", inner.key.value)))
                        .for_each(|inner| rename(&mut inner.item.value, to)),
                    item if is_path(&key) => rename(item, to),
                    _ => {}
                }
            }
        }
    }

    /// The libraries of its workers.
    pub fn libraries(&self, workers: &Workers) -> BTreeSet<PathBuf> {
        let ids = self.nodes.iter().filter_map(|node| node.worker.as_ref());
        ids.filter_map(|id| workers.get(&id.value)).map(|found| found.library.path.clone()).collect()
    }
}

fn rename(item: &mut Item, to: &BTreeMap<String, PathBuf>) {
    if let Item::Text(text) = item
        && let Some(path) = to.get(text)
    {
        *text = path.to_string_lossy().into_owned();
    }
}
