//! Files that no engine may see. These tests need no engine.
use super::file::File;
use super::tests::path;

fn whole(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

#[track_caller]
fn refusal(bytes: &[u8]) -> String {
    File::read("model.tflite", bytes).err().expect("a refusal")
}

const GOOD: [&str; 14] = [
    "dense",
    "dense_int8",
    "dense_uint8",
    "dense_int16",
    "dense_dynamic",
    "accumulate",
    "requantized",
    "variable",
    "open",
    "named",
    "sliced",
    "parts",
    "kinds",
    "uneven",
];

#[test]
fn names_shapes_and_quantisation_come_from_the_file() {
    let file = File::open(&path("dense_int8")).unwrap();
    assert_eq!(format!("{} → {}", file.inputs[0], file.outputs[0]), "x (1×1×5) → y (1×1×5)");
    let quantization = file.input_tensors[0].values.quantization.unwrap();
    assert_eq!((quantization.scale, quantization.zero_point), (1.0 / 127.0, 7));
    assert_eq!(File::open(&path("open")).unwrap().inputs[0].to_string(), "x (1×?)");
    let named = File::open(&path("named")).unwrap();
    assert_eq!(named.inputs.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(named.outputs.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["difference", "sum"]);
    let variable = File::open(&path("variable")).unwrap();
    assert_eq!((variable.variables, variable.remembers), (2, true));
    assert!(!File::open(&path("dense")).unwrap().remembers);
}

#[test]
fn a_file_that_is_no_model_says_what_it_is() {
    assert_eq!(refusal(b""), "is no TensorFlow Lite model (0 bytes)");
    assert_eq!(refusal(b"this is a shopping list, no model"), "is no TensorFlow Lite model (33 bytes)");
    assert!(refusal(b"version https://git-lfs.github.com/spec/v1\noid sha256:1").contains("git lfs pull"));
    let onnx = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/gru.onnx")).unwrap();
    assert!(refusal(&onnx).starts_with("is an ONNX model, not a TensorFlow Lite one"), "{}", refusal(&onnx));
    let said = File::open("/no/such/model.tflite").err().expect("a refusal").0;
    assert!(said.starts_with("cannot read the model /no/such/model.tflite: "), "{said}");
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused() {
    for name in GOOD {
        let bytes = whole(name);
        assert!(File::read(name, &bytes).is_ok());
        for cut in 0..bytes.len() {
            // The last bytes may only fill up the file.
            let tail = bytes[cut..].iter().all(|byte| *byte == 0);
            assert!(File::read(name, &bytes[..cut]).is_err() || tail, "{name} cut at {cut} of {}", bytes.len());
        }
    }
    let bytes = whole("dense");
    assert!(refusal(&bytes[..300]).starts_with("is damaged or cut short: "), "{}", refusal(&bytes[..300]));
}

#[test]
fn what_the_weights_or_the_words_of_a_file_say_is_looked_at() {
    assert_eq!(refusal(&whole("not_a_number")), "has weights in `offset` that are no numbers (NaN)");
    assert_eq!(refusal(&whole("too_large")), "has `x` of 1×536870912, more than 268435456 values");
    let said = refusal(&whole("per_channel"));
    assert_eq!(said, "has `x` with a scale for each channel, but only one for the whole can be converted");
}

/// A file with one number changed, found by what is around it.
fn changed(name: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = whole(name);
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

#[test]
fn numbers_that_name_nothing_are_refused() {
    // The inputs of the graph: one of them, tensor 0.
    let list = |items: &[i32]| -> Vec<u8> {
        let len = items.len() as i32;
        std::iter::once(&len).chain(items).flat_map(|n| n.to_le_bytes()).collect()
    };
    let said = refusal(&changed("dense", &list(&[0, 3, 4]), &list(&[0, 3, 9])));
    assert_eq!(said, "is damaged: FULLY_CONNECTED names tensor 9 of 5");
    let said = refusal(&changed("dense", &list(&[0, 3, 4]), &list(&[0, 3, 2])));
    assert_eq!(said, "is damaged: `FULLY_CONNECTED` takes `z`, which nothing before it makes");
    let said = refusal(&changed("dense", &list(&[1, 1, 5]), &list(&[1, 1, -5])));
    assert!(said.starts_with("is damaged: the shape of `"), "{said}");
    let said = refusal(&changed("dense", &list(&[5, 5]), &list(&[5, 6])));
    assert_eq!(said, "is damaged: `weights` needs 120 bytes, but its weights are 100");
}

#[test]
fn constants_that_make_another_shape_are_refused() {
    let ints = |items: &[i32]| -> Vec<u8> { items.iter().flat_map(|n| n.to_le_bytes()).collect() };
    for (from, to) in [([1, 6], [1, 4]), ([0, 1], [0, 4]), ([1, 2], [1, 1]), ([1, 2], [1, 0])] {
        let from = [ints(&[8]), ints(&from)].concat();
        let said = refusal(&changed("sliced", &from, &[ints(&[8]), ints(&to)].concat()));
        assert_eq!(said, "is damaged: the constants of `STRIDED_SLICE` make no `z`");
    }
    let said = refusal(&changed("sliced", &ints(&[8, 3, -1]), &ints(&[8, 1, -1])));
    assert_eq!(said, "is damaged: the constants of `RESHAPE` make no `y`");
}

#[test]
fn parts_that_are_not_the_whole_are_refused() {
    let ints = |items: &[i32]| -> Vec<u8> { items.iter().flat_map(|n| n.to_le_bytes()).collect() };
    // Constants as they lie in the file: how many bytes, then the values.
    let halves = "is damaged: `SPLIT` does not make 2 parts of `x`";
    let sizes = "is damaged: `SPLIT_V` does not make 2 parts of `second`";
    for (from, to, why) in [
        (ints(&[4, 1]), ints(&[4, 0]), halves),       // along another axis
        (ints(&[4, 1]), ints(&[4, 2]), halves),       // along one that is not there
        (ints(&[4, -1]), ints(&[4, -3]), sizes),      // the same from the end
        (ints(&[8, 1, 2]), ints(&[8, 2, 1]), sizes),  // sizes of other parts
        (ints(&[8, 1, 2]), ints(&[8, -1, 3]), sizes), // sizes that are too large
        (ints(&[2, 1, 3]), ints(&[2, 1, 9]), halves), // a part that is larger than the whole
    ] {
        assert_eq!(refusal(&changed("parts", &from, &to)), why);
    }
    assert!(File::open(&path("parts")).unwrap().check_strictly().is_ok());
    // Other engines read the axis in every run.
    let said = File::open(&path("told_axis")).unwrap().check_strictly().expect_err("a refusal").0;
    assert!(said.ends_with("told_axis.tflite splits `x` along an axis that is no constant of the file"), "{said}");
}

#[test]
fn random_damage_is_refused_or_read_but_never_more() {
    let mut seed = 1u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % below
    };
    for name in GOOD {
        let bytes = whole(name);
        for _ in 0..2000 {
            let mut damaged = bytes.clone();
            for _ in 0..=next(4) {
                let at = next(damaged.len());
                damaged[at] = if next(2) == 0 { next(256) as u8 } else { damaged[at] ^ (1 << next(8)) };
            }
            let _ = File::read(name, &damaged);
        }
    }
}
