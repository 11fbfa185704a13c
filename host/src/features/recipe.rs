//! What is computed: a graph whose last node is listened to.
use super::error::FeaturesError;
use crate::graph::{Diags, GraphFile, nearest, param_from_text, preset_values};
use crate::plugin::{Descriptor, Param, ParamType, Value, Workers};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The worker that has the presets; its node is called so too.
pub const WORKER: &str = "features";
/// The input of a graph that is made here.
const INPUT: &str = "sound";
/// Samples a block where nobody plays: long enough that the blocks themselves cost nothing.
const BLOCK: u32 = 1024;
/// The key that says at what rate features are computed.
const RATE: &str = "sample_rate";

/// What is computed of each sound.
#[derive(Clone, Debug)]
pub struct Recipe {
    graph: Graph,
    input: String,
    port: String,
    keys: Map<String, Json>,
}

#[derive(Clone, Debug)]
enum Graph {
    /// The lines of a node, and the rate that it wants; that of the sound, if `None`.
    Node { lines: String, rate: Option<u32> },
    /// The part of a graph file that is heard at the port.
    File(Box<GraphFile>, Diags),
}

impl Recipe {
    /// A preset of the worker `features` with changes, KEY and VALUE; without a preset, changes of the defaults.
    ///
    /// # Errors
    /// There is no such worker, preset or key, or no such value of the key.
    pub fn of_preset(workers: &Workers, preset: Option<&str>, set: &[(&str, &str)]) -> Result<Self, FeaturesError> {
        let worker = worker(workers)?;
        let mut values = preset.map_or(Ok(BTreeMap::new()), |name| values_of(worker, name))?;
        let mut lines = preset.map_or(String::new(), |name| format!("preset = \"{name}\"\n"));
        let mut written = BTreeSet::new();
        for (key, text) in set {
            let (param, value) = change(worker, key, text)?;
            if !written.insert(*key) {
                return Err(FeaturesError::call(format!("`{key}` is set twice"), None));
            }
            lines += &format!("{key} = {}\n", in_toml(param, &value, text));
            values.insert(&param.name, value);
        }
        let all = worker.params.iter().map(|param| (param, values.get(param.name.as_str()).unwrap_or(&param.default)));
        let keys: Map<String, Json> = all.map(|(param, value)| (param.name.clone(), in_json(param, value))).collect();
        let rate = keys.get(RATE).and_then(Json::as_u64).map(|rate| rate as u32).filter(|rate| *rate > 0);
        Ok(Self { graph: Graph::Node { lines, rate }, input: INPUT.into(), port: WORKER.into(), keys })
    }

    /// A node of a graph file, or NODE.PORT, with all that is before it; `diags` is what was found in the file.
    ///
    /// # Errors
    /// There is no such node, or it hears no input or several.
    pub fn of_graph(mut file: GraphFile, diags: Diags, port: &str) -> Result<Self, FeaturesError> {
        let name = port.split_once('.').map_or(port, |(node, _)| node);
        if !file.nodes.iter().any(|node| node.name.value == name) {
            let names = || file.nodes.iter().map(|node| node.name.value.as_str());
            let what = format!("{} has no node `{name}`", file.path.display());
            return Err(FeaturesError::call(what, suggest(name, names())));
        }
        let heard = heard(&file, name);
        file.nodes.retain(|node| heard.contains(&node.name.value));
        file.inputs.retain(|input| heard.contains(&input.name.value));
        file.outputs.clear();
        file.tests.clear();
        let inputs: Vec<&str> = file.inputs.iter().map(|input| input.name.value.as_str()).collect();
        let [input] = inputs.as_slice() else {
            let all = if inputs.is_empty() { "no input".into() } else { format!("the inputs {}", inputs.join(", ")) };
            let what = format!("`{name}` hears {all}: features of a file need a node that hears one input");
            return Err(FeaturesError::call(what, None));
        };
        let input = input.to_string();
        let keys = Map::from_iter([("graph".into(), json!(file.text)), ("node".into(), json!(port))]);
        Ok(Self { graph: Graph::File(Box::new(file), diags), input, port: port.into(), keys })
    }

    /// The graph for sounds of this rate, and what was found while it was read.
    pub fn graph(&self, rate: u32) -> (GraphFile, Diags) {
        match &self.graph {
            Graph::File(file, diags) => ((**file).clone(), diags.clone()),
            Graph::Node { lines, rate: wanted } => {
                let rate = wanted.unwrap_or(rate);
                let text = format!(
                    "[graph]\nrate  = {rate}\nblock = {BLOCK}\n\n[input.{INPUT}]\n\n\
                     [node.{WORKER}]\nworker = \"{WORKER}\"\nin = \"{INPUT}\"\n{lines}"
                );
                GraphFile::parse(Path::new("aw features"), text)
            }
        }
    }

    /// The input that plays.
    pub fn input(&self) -> &str {
        &self.input
    }

    /// Who is listened to: NODE or NODE.PORT.
    pub fn port(&self) -> &str {
        &self.port
    }

    /// All that the values depend on, workers and sounds apart: every key with its value, or the graph and its node.
    pub fn keys(&self) -> &Map<String, Json> {
        &self.keys
    }

    /// The workers that take part, one at the edge among them, for sounds of another rate.
    pub fn workers(&self) -> BTreeSet<String> {
        let ids = match &self.graph {
            Graph::Node { .. } => vec![WORKER.into()],
            Graph::File(file, _) => {
                file.nodes.iter().filter_map(|node| Some(node.worker.as_ref()?.value.clone())).collect()
            }
        };
        ids.into_iter().chain(["resample".into()]).collect()
    }
}

/// The worker that has the presets.
///
/// # Errors
/// It was not found.
pub fn worker(workers: &Workers) -> Result<&Descriptor, FeaturesError> {
    let missing = || {
        let folders: Vec<String> = workers.searched().iter().map(|folder| folder.display().to_string()).collect();
        let hint = format!("looked in {}; name another folder with --workers DIR or $AW_WORKERS", folders.join(", "));
        FeaturesError::call(format!("there is no worker `{WORKER}`"), Some(hint))
    };
    workers.get(WORKER).map(|found| &*found.worker).ok_or_else(missing)
}

fn values_of<'w>(worker: &'w Descriptor, name: &str) -> Result<BTreeMap<&'w str, Value>, FeaturesError> {
    let Some(preset) = worker.presets.iter().find(|preset| preset.name == name) else {
        let hint = nearest(name, worker.presets.iter().map(|preset| preset.name.as_str()));
        let hint = hint.map_or("`aw features --list` prints them".into(), |near| format!("did you mean `{near}`?"));
        return Err(FeaturesError::call(format!("there is no preset `{name}`"), Some(hint)));
    };
    preset_values(worker, preset).map_err(|why| FeaturesError::call(format!("preset `{name}`: {why}"), None))
}

/// What `--set KEY=VALUE` says.
fn change<'w>(worker: &'w Descriptor, key: &str, text: &str) -> Result<(&'w Param, Value), FeaturesError> {
    let Some(param) = worker.params.iter().find(|param| param.name == key) else {
        let names = || worker.params.iter().map(|param| param.name.as_str());
        let near = nearest(key, names()).map(|near| format!("did you mean `{near}`?"));
        let hint = near.unwrap_or_else(|| format!("there are {}", groups(names())));
        return Err(FeaturesError::call(format!("`{WORKER}` has no parameter `{key}`"), Some(hint)));
    };
    // A quoted text is what a graph file has.
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let text = if is_text(param) { bare } else { text };
    let value = param_from_text(param, text);
    Ok((param, value.map_err(|why| FeaturesError::call(format!("--set {key}={text}: {why}"), None))?))
}

/// Names, those of a group under its own.
fn groups<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut groups: Vec<String> =
        names.map(|name| name.split_once('.').map_or(name.into(), |(group, _)| format!("{group}.…"))).collect();
    groups.dedup();
    groups.join(", ")
}

fn suggest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.collect();
    let near = nearest(word, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    near.or_else(|| Some(format!("it has {}", known.join(", "))).filter(|_| !known.is_empty()))
}

fn is_text(param: &Param) -> bool {
    matches!(param.ty, ParamType::Text | ParamType::Path)
}

/// As a graph file has it; `text` is what the user wrote, and was read.
fn in_toml(param: &Param, value: &Value, text: &str) -> String {
    match value {
        Value::Text(own) if is_text(param) => toml::Value::String(own.clone()).to_string(),
        _ => text.into(),
    }
}

fn in_json(param: &Param, value: &Value) -> Json {
    match value {
        Value::Num(n) if param.ty == ParamType::Bool => json!(*n != 0.0),
        Value::Num(n) if param.ty == ParamType::Int => json!(*n as i64),
        Value::Num(n) => json!(n),
        Value::Text(text) => json!(text),
        Value::List(list) => json!(list),
        Value::Table(pairs) => Json::Object(pairs.iter().map(|(key, text)| (key.clone(), json!(text))).collect()),
    }
}

/// A node and all nodes and inputs that it hears, also through others.
fn heard(file: &GraphFile, name: &str) -> BTreeSet<String> {
    let (mut heard, mut open) = (BTreeSet::new(), vec![name.to_string()]);
    while let Some(name) = open.pop() {
        let node = file.nodes.iter().find(|node| node.name.value == name);
        if heard.insert(name) {
            let sources = node.iter().flat_map(|node| &node.wires).flat_map(|wire| &wire.from);
            let names = sources.map(|source| source.name.value.as_str());
            open.extend(names.map(|name| name.split_once('.').map_or(name, |(node, _)| node).to_string()));
        }
    }
    heard
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAPH: &str = "[graph]\nrate = 16000\n[input.mic]\n[input.far]\n\
        [node.loud]\nworker = \"gain\"\nin = \"mic\"\n\
        [node.mel]\nworker = \"features\"\nin = { from = \"loud.out\", delay = 1 }\n\
        [node.both]\nworker = \"mix\"\nin = [\"mic\", \"far\"]\n\
        [output.speaker]\nfrom = \"both\"\nwav = \"out.wav\"\n";

    fn of(port: &str) -> Result<Recipe, FeaturesError> {
        let (file, diags) = GraphFile::parse(Path::new("g.toml"), GRAPH.into());
        assert_eq!(diags.errors(), 0);
        Recipe::of_graph(file, diags, port)
    }

    #[test]
    fn of_a_graph_only_what_the_node_hears_is_kept() {
        let recipe = of("mel").unwrap();
        let (file, _) = recipe.graph(44100);
        let names: Vec<&str> = file.nodes.iter().map(|node| node.name.value.as_str()).collect();
        assert_eq!((names, file.inputs.len(), file.outputs.len()), (vec!["loud", "mel"], 1, 0));
        assert_eq!((recipe.input(), recipe.port(), file.graph.rate), ("mic", "mel", 16000));
    }

    #[test]
    fn a_node_that_is_not_there_or_hears_two_inputs_is_refused() {
        assert!(of("lout").unwrap_err().to_string().contains("did you mean `loud`?"));
        assert!(of("both").unwrap_err().to_string().contains("hears the inputs mic, far"));
    }
}
