//! `preset = "NAME"`: values of a worker's parameters under one name, which keys beside it overrule.
use super::codes::Code;
use super::diag::{Diag, Diags};
use super::item::{Entry, Item, Spanned};
use super::params::from_toml;
use super::table::wrong_type;
use crate::plugin::{Descriptor, Param, Preset, Value};
use std::collections::BTreeMap;

/// The key in a node.
const KEY: &str = "preset";

/// Takes `preset` out of the entries of a node: the values it stands for, by parameter, and the other entries.
pub fn take<'w>(
    worker: &'w Descriptor,
    entries: &[Entry],
    diags: &mut Diags,
) -> (BTreeMap<&'w str, Value>, Vec<Entry>) {
    let (own, rest): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| entry.key.value == KEY && !worker.presets.is_empty());
    let rest = rest.into_iter().cloned().collect();
    let Some(entry) = own.first() else { return (BTreeMap::new(), rest) };
    let found = match &entry.item.value {
        Item::Text(name) => worker.presets.iter().find(|preset| preset.name == *name).ok_or(name),
        Item::Unread(_) => return (BTreeMap::new(), rest),
        other => {
            wrong_type(KEY, other, entry.item.span.clone(), "a text", "").into_iter().for_each(|diag| diags.push(diag));
            return (BTreeMap::new(), rest);
        }
    };
    let values = found.map_err(|name| unknown(worker, name, entry)).and_then(|preset| {
        values(worker, preset).map_err(|why| {
            let title = format!("preset `{}` of worker `{}` cannot be used: {why}", preset.name, worker.id);
            Diag::new(Code::Preset, entry.item.span.clone(), title).note("this is a mistake of the worker's author")
        })
    });
    match values {
        Ok(values) => (values, rest),
        Err(diag) => {
            diags.push(diag);
            (BTreeMap::new(), rest)
        }
    }
}

/// The keys that the preset of a node stands for, all where it is named.
pub fn keys(worker: &Descriptor, entries: &[Entry]) -> Vec<Spanned<String>> {
    let given = entries.iter().find(|entry| entry.key.value == KEY);
    let found = given.and_then(|entry| match &entry.item.value {
        Item::Text(name) => Some((worker.presets.iter().find(|preset| preset.name == *name)?, entry)),
        _ => None,
    });
    let Some((preset, entry)) = found else { return vec![] };
    preset.values.iter().map(|(key, _)| Spanned::new(key.clone(), entry.key.span.clone())).collect()
}

fn unknown(worker: &Descriptor, name: &str, entry: &Entry) -> Diag {
    let known = || worker.presets.iter().map(|preset| preset.name.as_str());
    let title = format!("worker `{}` has no preset `{name}`", worker.id);
    let diag = Diag::new(Code::Preset, entry.item.span.clone(), title);
    diag.label(format!("known are {}", known().collect::<Vec<_>>().join(", "))).suggest(name, known())
}

/// The values of a preset, by parameter.
///
/// # Errors
/// The first that its parameter cannot have.
pub fn values<'w>(worker: &'w Descriptor, preset: &Preset) -> Result<BTreeMap<&'w str, Value>, String> {
    let value = |(key, text): &(String, String)| {
        let param = worker.params.iter().find(|param| param.name == *key);
        let param: &Param = param.ok_or_else(|| format!("there is no parameter `{key}`"))?;
        Ok((param.name.as_str(), from_toml(param, text)?))
    };
    preset.values.iter().map(value).collect()
}
