//! Any bytes as a model file.
use aw_host::graph::{Code, GraphFile};
use aw_host::model::{Card, CardError};
use std::path::Path;
use std::time::{Duration, Instant};

/// Describes bytes as `aw model` does; answers what is wrong with them.
///
/// # Panics
/// If that is not said in a line of words, if the node cannot be pasted, or if it takes too long.
pub fn judge_model(bytes: &[u8]) -> Option<String> {
    let begun = Instant::now();
    let path = Path::new("folder/some \"model\".onnx");
    let said = match Card::of_bytes(path, bytes, &[]) {
        Ok(card) => {
            let graph = format!("[graph]\nrate = 16000\n{}", card.node.toml);
            let (_, diags) = GraphFile::parse(Path::new("model.toml"), graph.clone());
            let syntax: Vec<_> = diags.iter().filter(|diag| diag.code == Code::Toml).collect();
            assert!(syntax.is_empty(), "{graph}\n{syntax:?}");
            None
        }
        Err(CardError::Model(why)) => Some(why.to_string()),
        Err(CardError::Shape(why)) => panic!("no shape was given: {why}"),
    };
    assert!(said.as_ref().is_none_or(|said| said.len() > 20 && said.lines().count() == 1), "{said:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
    said
}
