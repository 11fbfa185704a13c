//! Files of labels that people and programs write, and broken ones.
use super::super::{Label, LabelError, LabelFormat, parse_labels, read_labels};
use proptest::prelude::*;
use std::path::Path;

const AUDACITY: LabelFormat = LabelFormat::Audacity;
const CSV: LabelFormat = LabelFormat::Csv;
const JSON: LabelFormat = LabelFormat::JsonLines;

fn read(text: &str, format: LabelFormat) -> Result<Vec<Label>, String> {
    parse_labels(text.as_bytes(), format, None, Path::new("words")).map_err(|error| error.to_string())
}

fn label(start_s: f64, end_s: Option<f64>, label: &str) -> Label {
    Label { start_s, end_s, label: label.into() }
}

#[test]
fn audacity_labels_are_read() {
    let text = "0.500000\t0.500000\tyes\n1.25\t2.5\tgood morning\r\n\\\t300.0\t3400.0\n\n3\t4\tno\n";
    let wanted = vec![label(0.5, None, "yes"), label(1.25, Some(2.5), "good morning"), label(3.0, Some(4.0), "no")];
    assert_eq!(read(text, AUDACITY), Ok(wanted.clone()));
    assert_eq!(read(&format!("\u{feff}{text}"), AUDACITY), Ok(wanted));
    assert_eq!(read("", AUDACITY), Ok(vec![]), "nothing is expected");
}

#[test]
fn csv_labels_are_read_in_any_order_of_columns() {
    let text = "\u{feff}speaker, Label ,confidence,time\r\nx,yes,0.9,1.5\r\n\r\ny,\"no, \"\"never\"\"\",,2\r\n";
    assert_eq!(read(text, CSV), Ok(vec![label(1.5, None, "yes"), label(2.0, None, "no, \"never\"")]));
    let text = "end,label,start\n2.5,speech,1\n,click,3\n";
    assert_eq!(read(text, CSV), Ok(vec![label(1.0, Some(2.5), "speech"), label(3.0, None, "click")]));
    assert_eq!(read("time,label", CSV), Ok(vec![]));
}

#[test]
fn events_of_a_replay_are_read() {
    let text = concat!(
        r#"{"output":"words","time":0.96,"sample":15360,"label":"yes","index":2,"value":0.98}"#,
        "\n",
        r#"{"output":"claps","time":1.5,"sample":24000,"label":null,"index":0,"value":1.0}"#,
        "\n\n",
        r#"{"time":2,"end":3.5,"label":"speech"}"#
    );
    let all = vec![label(0.96, None, "yes"), label(1.5, None, "0"), label(2.0, Some(3.5), "speech")];
    assert_eq!(read(text, JSON), Ok(all.clone()));
    let of = |output| parse_labels(text.as_bytes(), JSON, Some(output), Path::new("")).unwrap();
    assert_eq!(of("words"), [all[0].clone(), all[2].clone()]);
    assert_eq!(of("claps"), all[1..]);
}

#[test]
fn each_mistake_is_named_with_its_place_and_the_way_out() {
    let cases = [
        (
            "1\tyes\n",
            AUDACITY,
            "words:1, column 2: a line has start, end and label with a tab between, and this one has 2",
        ),
        ("1\t2\tyes\n1 2 no\n", AUDACITY, "words:2, column 1: a line has start, end and label with a tab"),
        ("1\t2\ta\tb\n", AUDACITY, "words:1, column 4: a line has start, end and label with a tab"),
        ("nan\t2\tyes\n", AUDACITY, "words:1, column 1 (`start`): `nan` is no time; it counts in seconds from"),
        ("1\t-2\tyes\n", AUDACITY, "words:1, column 2 (`end`): `-2` is no time; it counts"),
        (
            "1,5\t2\tyes\n",
            AUDACITY,
            "words:1, column 1 (`start`): `1,5` is no time in seconds, such as 1.25; write a point",
        ),
        ("2\t1\tyes\n", AUDACITY, "words:1, column 2 (`end`): it ends at 1 s, before it begins at 2 s; swap the two"),
        ("1\t2\t \n", AUDACITY, "words:1, column 3 (`label`): the label is empty; write what is to be heard"),
        ("", CSV, "words:1, the header: there is none; begin with the line `time,label`"),
        (
            "1.5,yes\n",
            CSV,
            "words:1, the header: the header has no column `time` or `start`, only `1.5`, `yes`; write `time,label`",
        ),
        (
            "time;label\n1;yes\n",
            CSV,
            "words:1, the header: the header has no column `time` or `start`, only `time;label`",
        ),
        ("time,word\n", CSV, "words:1, the header: the header has no column `label`, only `time`, `word`"),
        ("time,label,TIME\n", CSV, "words:1, column 3 (`time`): the header has this column twice"),
        (
            "time,start,label\n",
            CSV,
            "words:1, column 2 (`start`): the header has `time` and `start`, which are the same",
        ),
        (
            "time,label\n\n1,yes\n2,no,never\n",
            CSV,
            "words:4, column 3: the line has 3 columns and the header 2; a label with",
        ),
        ("time,label\n1\n", CSV, "words:2, column 1: the line has 1 columns and the header 2"),
        ("label,time\nyes,soon\n", CSV, "words:2, column 2 (`time`): `soon` is no time in seconds, such as 1.25"),
        ("label,time\nyes,inf\n", CSV, "words:2, column 2 (`time`): `inf` is no time; it counts"),
        ("label,start,end\nyes,2,1\n", CSV, "words:2, column 3 (`end`): it ends at 1 s, before it begins at 2 s"),
        ("time,label\n1,yes\n2,\"\"\n", CSV, "words:3, column 2 (`label`): the label is empty"),
        (
            "{\"time\": 1, \"label\": \"a\"}\n{\"time\": NaN}\n",
            JSON,
            "words:2, column 10: this is no line of JSON (expected value",
        ),
        ("[1, 2]\n", JSON, "words:1, column 1: this is no object; write {\"time\": 1.25, \"label\": \"yes\"}"),
        ("{\"label\": \"a\"}\n", JSON, "words:1, key `time`: it is missing: when the event begins, in seconds"),
        (
            "{\"time\": \"1\", \"label\": \"a\"}\n",
            JSON,
            "words:1, key `time`: \"1\" is no time in seconds, such as 1.25",
        ),
        ("{\"time\": -1, \"label\": \"a\"}\n", JSON, "words:1, key `time`: -1 is no time; it counts"),
        ("{\"time\": 1}\n", JSON, "words:1, key `label`: it is missing: what is heard, as text"),
        (
            "{\"time\": 1, \"label\": \"\"}\n",
            JSON,
            "words:1, key `label`: \"\" is no label; write what is heard, as text",
        ),
        (
            "{\"time\": 2, \"end\": 1, \"label\": \"a\"}\n",
            JSON,
            "words:1, key `end`: it ends at 1 s, before it begins at 2 s",
        ),
    ];
    for (text, format, wanted) in cases {
        let refused = read(text, format).expect_err(text);
        assert!(refused.starts_with(wanted), "{text:?}\n  {refused}\n  {wanted}");
    }
}

#[test]
fn another_encoding_is_named_where_it_begins() {
    let refused = parse_labels(b"1\t2\tyes\n3\t4\tgr\xfc\xdf\n", AUDACITY, None, Path::new("words.txt")).unwrap_err();
    let wanted = "words.txt:2, byte 7: this is not UTF-8; save the file as UTF-8, or export it again";
    assert_eq!(refused.to_string(), wanted);
}

#[test]
fn a_file_is_read_by_what_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let yes = [label(1.0, None, "yes")];
    assert_eq!(read_labels(file("a.TXT", "1\t1\tyes\n"), None).unwrap(), yes);
    assert_eq!(read_labels(file("a.csv", "time,label\n1,yes\n"), None).unwrap(), yes);
    assert_eq!(read_labels(file("a.jsonl", "{\"time\":1,\"label\":\"yes\"}"), None).unwrap(), yes);
    assert!(matches!(read_labels(file("a.wav", ""), None), Err(LabelError::Kind { .. })));
    assert!(matches!(read_labels(folder.path().join("none.csv"), None), Err(LabelError::Read { .. })));
}

/// Lines of what such files are made of.
fn lines() -> impl Strategy<Value = String> {
    let pieces = [
        "1",
        "2.5",
        "-1",
        "nan",
        "1e999",
        "\t",
        ",",
        "\n",
        "\r\n",
        "\"",
        "time",
        "start",
        "end",
        "label",
        "yes",
        "\\",
        "{",
        "}",
        ":",
        "[",
        "null",
        "\u{feff}",
        "ü",
        " ",
        "\"time\":1",
        "\"label\":\"a\"",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Labels or the place of a mistake that is there: never a panic, never a time that is none.
    #[test]
    fn any_file_is_read_or_refused(text in lines(), bytes in prop::collection::vec(any::<u8>(), 0..80), torn in any::<bool>()) {
        let bytes = if torn { bytes } else { text.into_bytes() };
        for format in [AUDACITY, CSV, JSON] {
            match parse_labels(&bytes, format, None, Path::new("f")) {
                Ok(labels) => for label in labels {
                    prop_assert!(label.start_s >= 0.0 && label.start_s.is_finite() && !label.label.trim().is_empty());
                    prop_assert!(label.end_s.is_none_or(|end| end >= label.start_s && end.is_finite()));
                }
                Err(LabelError::Wrong { line, .. }) => {
                    let lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
                    prop_assert!((1..=lines).contains(&line), "{format:?} line {line} of {lines}");
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }
}
