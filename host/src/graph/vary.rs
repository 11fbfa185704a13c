//! A graph file with other values in it, or less around them: what a search tries out.
use super::GraphFile;
use super::diag::Diags;
use super::file::NodeTable;
use super::item::{Entry, Item, Span, Spanned};
use super::syntax;
use crate::plugin::{Param, ParamType, Value};

impl GraphFile {
    /// The same graph with another value of a node's parameter, written as in TOML; a name may have a group:
    /// `mel.bands`.
    pub fn with(&self, node: &str, key: &str, toml: &str) -> Self {
        let mut file = self.clone();
        let value =
            syntax::parse(&format!("value = {toml}"), &mut Diags::default()).pop().map(|entry| entry.item.value);
        if let (Some(table), Some(value)) = (file.nodes.iter_mut().find(|table| table.name.value == node), value) {
            match key.split_once('.') {
                Some((group, key)) => set_in_group(table, group, key, value),
                None => set(&mut table.params, key, value, table.name.span.clone()),
            }
        }
        file
    }

    /// The same graph with a node that has no keys but a preset.
    pub fn with_preset(&self, node: &str, preset: &str) -> Self {
        let mut file = self.clone();
        file.nodes.iter_mut().filter(|table| table.name.value == node).for_each(|table| table.params.clear());
        file.with(node, "preset", &text_to_toml(preset))
    }

    /// Only what a node hears: the node, what leads there, and no outputs.
    pub fn only(&self, node: &str) -> Self {
        let mut heard = vec![node.to_string()];
        let mut at = 0;
        while let Some(name) = heard.get(at) {
            let table = self.nodes.iter().find(|table| table.name.value == *name);
            let sources = table.into_iter().flat_map(|table| &table.wires).flat_map(|wire| &wire.from);
            let names = sources.map(|source| source.name.value.split('.').next().unwrap_or_default().to_string());
            let new: Vec<String> = names.filter(|name| !heard.contains(name)).collect();
            heard.extend(new);
            at += 1;
        }
        let mut file = self.clone();
        file.nodes.retain(|table| heard.contains(&table.name.value));
        file.inputs.retain(|table| heard.contains(&table.name.value));
        file.outputs.clear();
        file.tests.clear();
        file
    }

    /// The line, from 1, where a key of a node stands; a name may have a group.
    pub fn line_of(&self, node: &str, key: &str) -> Option<usize> {
        let table = self.nodes.iter().find(|table| table.name.value == node)?;
        let find = |entries: &[Entry], key: &str| entries.iter().find(|entry| entry.key.value == key).cloned();
        let entry = match key.split_once('.') {
            Some((group, key)) => match find(&table.params, group)?.item.value {
                Item::Table(entries) => find(&entries, key),
                _ => None,
            },
            None => find(&table.params, key),
        };
        Some(self.line(entry?.key.span.start))
    }

    /// The line, from 1, where a node's table begins.
    pub fn line_of_node(&self, node: &str) -> Option<usize> {
        let table = self.nodes.iter().find(|table| table.name.value == node)?;
        Some(self.line(table.name.span.start))
    }

    fn line(&self, byte: usize) -> usize {
        1 + self.text.as_bytes().iter().take(byte).filter(|byte| **byte == b'\n').count()
    }
}

/// Sets a key of a group, which is made if there is none.
fn set_in_group(table: &mut NodeTable, group: &str, key: &str, value: Item) {
    let span = table.name.span.clone();
    let found = table.params.iter_mut().find(|entry| entry.key.value == group);
    if let Some(Entry { item: Spanned { value: Item::Table(entries), .. }, .. }) = found {
        return set(entries, key, value, span);
    }
    let mut entries = vec![];
    set(&mut entries, key, value, span.clone());
    table.params.retain(|entry| entry.key.value != group);
    let item = Spanned::new(Item::Table(entries), span.clone());
    table.params.push(Entry { key: Spanned::new(group.to_string(), span), item });
}

fn set(entries: &mut Vec<Entry>, key: &str, value: Item, span: Span) {
    match entries.iter_mut().find(|entry| entry.key.value == key) {
        Some(entry) => entry.item.value = value,
        None => {
            let key = Spanned::new(key.to_string(), span.clone());
            entries.push(Entry { key, item: Spanned::new(value, span) });
        }
    }
}

/// A text as TOML, in quotes.
pub fn text_to_toml(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A value of a parameter as TOML.
pub fn to_toml(param: &Param, value: &Value) -> String {
    match (value, param.ty) {
        (Value::Num(x), ParamType::Bool) => (*x != 0.0).to_string(),
        (Value::Num(x), ParamType::Int) => format!("{x:.0}"),
        (Value::Num(x), _) => format!("{x:?}"),
        (Value::Text(text), _) => text_to_toml(text),
        (Value::List(list), _) => format!("{list:?}"),
        (Value::Table(pairs), _) => {
            let pairs: Vec<String> =
                pairs.iter().map(|(key, text)| format!("{key} = {}", text_to_toml(text))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::GraphFile;
    use std::path::Path;

    const TEXT: &str = "[graph]\nrate = 16000\n[input.mic]\n[input.other]\n[node.f]\nworker = \"features\"\nin = \"mic\"\n\
        hop = 2\nmel.bands = 40\n[node.g]\nworker = \"gain\"\nin = \"other\"\n[output.o]\nfrom = \"g\"\n";

    fn file() -> GraphFile {
        GraphFile::parse(Path::new("g.toml"), TEXT.into()).0
    }

    #[test]
    fn a_key_gets_another_value_wherever_it_stands() {
        let changed = file().with("f", "hop", "3").with("f", "mel.bands", "80").with("f", "log.kind", "\"ln\"");
        let as_written: Vec<String> =
            changed.nodes[0].params.iter().map(|entry| format!("{:?}", entry.item.value)).collect();
        let all = as_written.join(" ");
        assert!(all.contains("Int(3)") && all.contains("Int(80)") && all.contains("Text(\"ln\")"), "{all}");
        assert!(!all.contains("Int(40)") && !all.contains("Int(2)"), "{all}");
    }

    #[test]
    fn lines_are_those_of_the_file() {
        assert_eq!(file().line_of("f", "hop"), Some(8));
        assert_eq!(file().line_of("f", "mel.bands"), Some(9));
        assert_eq!(file().line_of("f", "log.kind"), None);
        assert_eq!(file().line_of_node("f"), Some(5));
    }

    #[test]
    fn only_what_a_node_hears_is_left() {
        let only = file().only("f");
        assert_eq!(only.nodes.len(), 1);
        assert_eq!(only.inputs.iter().map(|input| input.name.value.as_str()).collect::<Vec<_>>(), ["mic"]);
        assert!(only.outputs.is_empty());
    }
}
