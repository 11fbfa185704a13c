//! "NAME" or "NAME.PORT" → a node and one of its output ports.
use super::super::codes::Code;
use super::super::diag::{Diag, nearest};
use super::super::file::NodeTable;
use super::super::item::Spanned;
use super::super::net::What;
use super::Resolver;
use super::ports::{named_by_table, output};

impl Resolver<'_> {
    /// "NAME" or "NAME.PORT" → a node and which of its outputs.
    pub(super) fn reference(&mut self, name: &Spanned<String>) -> Option<(usize, usize)> {
        let (node_name, port) = match name.value.split_once('.') {
            Some(_) if self.names.contains_key(&name.value) => return None, // that this is no name has been said
            Some((node, port)) => (node, Some(port)),
            None => (name.value.as_str(), None),
        };
        let Some(node) = self.names.get(node_name).copied() else {
            self.unknown_source(name, node_name);
            return None;
        };
        let node = node?;
        self.output_port(node, port, name).map(|output| (node, output))
    }

    fn unknown_source(&mut self, name: &Spanned<String>, node_name: &str) {
        let near = nearest(node_name, self.names.keys().map(String::as_str));
        if near.is_none() && self.file.has_gaps {
            return; // it may well be in what could not be read
        }
        let title = match node_name {
            "" => "this names nothing".to_string(),
            _ => format!("`{node_name}` is neither a node nor an input of this graph"),
        };
        let diag = Diag::new(Code::Source, name.span.clone(), title);
        let is_it = |node: &&NodeTable| node.worker.as_ref().is_some_and(|worker| worker.value == node_name);
        let bare = name.value.split_once('.').map(|(_, rest)| rest).filter(|rest| self.names.contains_key(*rest));
        self.diags.push(if self.file.outputs.iter().any(|output| output.name.value == node_name) {
            diag.note(format!("`{node_name}` is an output: sound goes in there, none comes out"))
        } else if let (Some(bare), "input" | "node") = (bare, node_name) {
            diag.help(format!("write \"{bare}\", without the `{node_name}` of its table"))
        } else if let Some(node) = self.file.nodes.iter().find(is_it) {
            let node = &node.name.value;
            diag.help(format!("did you mean `{node}`? It is a `{node_name}`, but connections take the name of a node"))
        } else if let Some(near) = near {
            diag.help(format!("did you mean `{near}`?"))
        } else {
            diag
        });
    }

    fn output_port(&mut self, node: usize, port: Option<&str>, at: &Spanned<String>) -> Option<usize> {
        let here = &self.net.nodes[node];
        let has = |name: &str| here.outputs.iter().position(|output| output.port == name);
        let list = || here.outputs.iter().map(|output| output.port.as_str()).collect::<Vec<_>>().join(", ");
        let declared = here.worker().map(|worker| worker.found.worker.ports.as_slice()).unwrap_or_default();
        let optional = |name: &str| declared.iter().any(|p| p.is_output && !p.many && p.name == name);
        // The ports that a MANY port stands for are named by a table of the worker or, without one, by references.
        let free = declared.iter().any(|p| p.is_output && p.many) && !named_by_table(here);
        match port {
            Some(name) if has(name).is_some() => return has(name),
            Some(name) if optional(name) || free => {
                self.net.nodes[node].outputs.push(output(name));
                return Some(self.net.nodes[node].outputs.len() - 1);
            }
            None if has("out").is_some() => return has("out"),
            None if here.outputs.len() == 1 && !free => return Some(0),
            None if free => {
                self.net.nodes[node].outputs.push(output("out"));
                return Some(self.net.nodes[node].outputs.len() - 1);
            }
            _ => {}
        }
        let diag = match port {
            Some(port) => {
                let diag = Diag::new(Code::Port, at.span.clone(), format!("`{}` has no output `{port}`", here.name));
                let diag = diag.label(if here.outputs.is_empty() {
                    "it has no outputs".into()
                } else {
                    format!("it has {}", list())
                });
                let table =
                    here.worker().and_then(|worker| worker.found.worker.params.iter().find(|p| p.names_outputs));
                match here.what {
                    What::Source => diag.help(format!(
                        "write \"{}\"; a `split` node gives its channels outputs of their own",
                        here.name
                    )),
                    _ => match table.filter(|_| here.outputs.is_empty()) {
                        Some(table) => diag.help(format!("name it in `{}`", table.name)),
                        None => diag.suggest(port, here.outputs.iter().map(|output| output.port.as_str())),
                    },
                }
            }
            None if here.outputs.is_empty() => {
                Diag::new(Code::Port, at.span.clone(), format!("`{}` has no outputs", here.name))
            }
            None => {
                let diag =
                    Diag::new(Code::Port, at.span.clone(), format!("`{}` has several outputs: say which", here.name));
                let full: Vec<String> =
                    here.outputs.iter().map(|output| format!("\"{}.{}\"", here.name, output.port)).collect();
                diag.help(format!("write {}", full.join(" or ")))
            }
        };
        self.diags.push(diag);
        None
    }
}
