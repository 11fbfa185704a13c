//! The files that a graph names.
use super::file::GraphFile;
use super::item::Item;
use super::{Diags, installed, params};
use crate::plugin::{ParamType, Workers};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

impl GraphFile {
    /// Itself, what its inputs play, and what parameters of its nodes name, such as models; whether or not it is there,
    /// and though the rest of the graph be wrong.
    pub fn files(&self, workers: &Workers) -> BTreeSet<PathBuf> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let mut files: BTreeSet<PathBuf> =
            self.inputs.iter().filter_map(|input| input.wav.clone()).map(absolute).collect();
        files.insert(absolute(self.path.clone()));
        for node in &self.nodes {
            let Some(found) = node.worker.as_ref().and_then(|id| workers.get(&id.value)) else { continue };
            for entry in params::flat(&found.worker, &node.params, &mut Diags::default()) {
                let is_path =
                    |param: &&crate::plugin::Param| param.name == entry.key.value && param.ty == ParamType::Path;
                let param = found.worker.params.iter().find(is_path);
                if let (Some(param), Item::Text(text)) = (param, &entry.item.value) {
                    files.extend(match text.starts_with('@') {
                        true => installed::path(&param.name, text, entry.item.span.clone()).ok(),
                        false => Some(absolute(folder.join(text))).filter(|_| !text.is_empty()),
                    });
                }
            }
        }
        files
    }

    /// The libraries of its workers.
    pub fn libraries(&self, workers: &Workers) -> BTreeSet<PathBuf> {
        let ids = self.nodes.iter().filter_map(|node| node.worker.as_ref());
        ids.filter_map(|id| workers.get(&id.value)).map(|found| found.library.path.clone()).collect()
    }
}
