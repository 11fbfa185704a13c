//! Likely state: an output that goes back into an input in the next run.
//!
//! Names tell most of it: `h` and `h_next`, `state` and `stateN`, `conv_cache` and `conv_cache_out`, `h0` and `hn`,
//! `past` and `present`. Where they tell nothing, as the `tf_op_layer_stack_2` of Keras, shape and order do.
use super::net::{Extents, Net, Tensor};

/// An input and the output that it gets back in the next run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Tensor of the input.
    pub input: usize,
    /// Tensor of the output.
    pub output: usize,
    /// Their names say so too, not their shapes alone.
    pub named: bool,
}

/// Pairs that names and shapes tell. `fixed` inputs are none.
pub fn pairs(net: &Net, fixed: &[usize]) -> Vec<Pair> {
    let graph = net.main();
    let mut pairs: Vec<Pair> = vec![];
    let open =
        |pairs: &[Pair], at: usize| !fixed.contains(&at) && pairs.iter().all(|p| p.input != at && p.output != at);
    let inputs: Vec<usize> = graph.inputs.iter().copied().filter(|at| !fixed.contains(at)).collect();
    for input in &inputs {
        let (tensor, out) = (&net.tensors[*input], &graph.outputs);
        let found = out
            .iter()
            .find(|at| open(&pairs, **at) && fit(tensor, &net.tensors[**at]) && named(tensor, &net.tensors[**at]));
        pairs.extend(found.map(|output| Pair { input: *input, output: *output, named: true }));
    }
    let left: Vec<usize> = inputs.into_iter().filter(|at| open(&pairs, *at)).collect();
    let Some(main) = left.iter().copied().find(|at| is_signal(&net.tensors[*at])).or(left.first().copied()) else {
        // Something must go in: what remains of the pairs is the one whose input comes first.
        return if pairs.is_empty() { pairs } else { pairs.split_off(1) };
    };
    for input in left.into_iter().filter(|at| *at != main) {
        let tensor = &net.tensors[input];
        // An output as large as the signal is the signal: a second microphone is no state.
        let alike = |at: &&usize| {
            open(&pairs, **at) && same(tensor, &net.tensors[**at]) && !same(&net.tensors[main], &net.tensors[**at])
        };
        let found = graph.outputs.iter().find(alike).copied();
        pairs.extend(found.map(|output| Pair { input, output, named: false }));
    }
    pairs.sort_by_key(|pair| graph.inputs.iter().position(|at| *at == pair.input));
    pairs
}

/// Whether a name says that sound or features go in, and not what is kept of them.
pub fn is_signal(tensor: &Tensor) -> bool {
    const SIGNAL: &str = "\
        audio wav wave waveform sound speech signal samples pcm mic mix noisy mel logmel fbank mfcc feature features feats \
        feat spec spectrum spectrogram stft mag magnitude x";
    const KEPT: &str = "state states cache buffer buf hidden memory mem past prev previous history";
    let words = words(&tensor.name);
    let has = |list: &str| words.iter().any(|word| list.split_ascii_whitespace().any(|known| known == word));
    has(SIGNAL) && !has(KEPT)
}

/// Whether two shapes may be one, open extents being anything.
fn fit(a: &Tensor, b: &Tensor) -> bool {
    let agree = |(a, b): (&Option<u64>, &Option<u64>)| a.is_none() || b.is_none() || a == b;
    let both = |a: &Extents, b: &Extents| a.len() == b.len() && a.iter().zip(b).all(agree);
    a.ty == b.ty && a.dims.as_ref().zip(b.dims.as_ref()).is_none_or(|(a, b)| both(a, b))
}

/// Whether two shapes are one as far as they are known, which must be more than one value.
fn same(a: &Tensor, b: &Tensor) -> bool {
    let known = |tensor: &Tensor| tensor.dims.iter().flatten().flatten().any(|n| *n > 1);
    known(a) && known(b) && fit(a, b)
}

/// Whether a name is the other's after a run.
fn named(input: &Tensor, output: &Tensor) -> bool {
    let (before, after) = (&input.name, &output.name);
    if ["n", "N", "_n", "'", "1"].iter().any(|end| *after == format!("{before}{end}")) {
        return true;
    }
    // h0 and hn, c0 and cn
    if before.strip_suffix('0').is_some_and(|stem| !stem.is_empty() && *after == format!("{stem}n")) {
        return true;
    }
    let stem = |name: &str, drop: &str| {
        let kept = words(name).into_iter().filter(|word| !drop.split(' ').any(|known| known == word));
        kept.collect::<Vec<_>>()
    };
    let before = stem(before, "in input prev previous past old init initial last cur current serving default");
    let after = stem(after, "out output next new present cur current final updated");
    !before.is_empty() && before == after && *input.name != *output.name && !is_signal(input)
}

/// A name in words: at `_`, other signs, and where capitals or digits begin.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last = '_';
    for c in name.chars() {
        let begins = (c.is_uppercase() && last.is_lowercase()) || (c.is_ascii_digit() != last.is_ascii_digit());
        if !c.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        last = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::super::net::Graph;
    use super::super::ty::Type;
    use super::*;

    fn tensor(name: &str, dims: &[u64]) -> Tensor {
        let dims = dims.iter().map(|n| (*n > 0).then_some(*n)).collect();
        Tensor { name: name.into(), ty: Type("float32"), dims: Some(dims), ..Tensor::default() }
    }

    /// Pairs of a model with these inputs and outputs, by name.
    fn found(inputs: &[(&str, &[u64])], outputs: &[(&str, &[u64])]) -> Vec<(String, String)> {
        let tensors: Vec<Tensor> = inputs.iter().chain(outputs).map(|(name, dims)| tensor(name, dims)).collect();
        let graph = Graph {
            inputs: (0..inputs.len()).collect(),
            outputs: (inputs.len()..tensors.len()).collect(),
            nodes: vec![],
        };
        let net = Net { tensors, graphs: vec![graph], ..Net::default() };
        let name = |at: usize| net.tensors[at].name.clone();
        pairs(&net, &[]).iter().map(|pair| (name(pair.input), name(pair.output))).collect()
    }

    fn of(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect()
    }

    #[test]
    fn names_that_exporters_give_are_understood() {
        for (before, after) in [
            ("state", "stateN"),
            ("h", "hn"),
            ("h0", "hn"),
            ("conv_cache", "conv_cache_out"),
            ("enc_state_in", "enc_state_out"),
            ("past_key", "present_key"),
            ("h", "h_next"),
            ("n", "n_next"),
            ("cache_0", "cache_0_out"),
            ("feat_cache", "feat_cache_out"),
            ("lstm_prev", "lstm_new"),
            ("cacheIn", "cacheOut"),
        ] {
            let got = found(&[("frame", &[1, 257]), (before, &[1, 4, 8])], &[("mask", &[1, 257]), (after, &[1, 4, 8])]);
            assert_eq!(got, of(&[(before, after)]));
        }
    }

    #[test]
    fn without_names_shape_and_order_tell() {
        let (frame, state): (&[u64], &[u64]) = (&[1, 1, 257], &[1, 2, 128, 2]);
        let got = found(
            &[("input_2", frame), ("input_3", state)],
            &[("activation_2", frame), ("tf_op_layer_stack_2", state)],
        );
        assert_eq!(got, of(&[("input_3", "tf_op_layer_stack_2")]));
        let got = found(&[("a", frame), ("b", state), ("c", state)], &[("p", frame), ("q", state), ("r", state)]);
        assert_eq!(got, of(&[("b", "q"), ("c", "r")]));
        let got = found(&[("s", state), ("audio", &[1, 512])], &[("y", &[1, 512]), ("t", state)]);
        assert_eq!(got, of(&[("s", "t")]));
    }

    #[test]
    fn the_signal_is_no_state() {
        let frame: &[u64] = &[1, 257];
        assert_eq!(found(&[("input", frame)], &[("output", frame)]), []);
        assert_eq!(found(&[("mic", frame), ("far", frame)], &[("out", frame)]), []);
        assert_eq!(found(&[("h", frame)], &[("h_next", frame)]), [], "something must go in");
        assert_eq!(
            found(&[("x", frame), ("h", &[1, 3])], &[("y", frame), ("h_next", &[1, 4])]),
            [],
            "it cannot go back"
        );
    }
}
