//! C and Rust see the same bytes: every struct's size, alignment and field places, and every constant, printed by a C
//! program that includes `worker.h` and compared with what Rust says.

#![allow(clippy::unwrap_used)]

mod cc;

use aw_abi::*;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::mem::{align_of, offset_of, size_of};
use std::process::Command;

/// A number that C and Rust must agree on: an expression in C, its value in Rust.
type Fact = (String, i128);

/// Facts of structs. The pattern without `..` makes a field that is missing here a compile error.
macro_rules! structs {
    ($facts:ident: $($rust:ident = $c:literal { $($field:ident),+ })+) => {$(
        let _ = |$rust { $($field: _),+ }: $rust| ();
        $facts.push((format!("sizeof({})", $c), size_of::<$rust>() as i128));
        $facts.push((format!("_Alignof({})", $c), align_of::<$rust>() as i128));
        $($facts.push((format!("offsetof({}, {})", $c, stringify!($field)), offset_of!($rust, $field) as i128));)+
    )+};
}

/// Facts of codes.
macro_rules! codes {
    ($facts:ident: $($rust:ident = $c:literal { $($code:ident),+ })+) => {$(
        $facts.push((format!("sizeof({})", $c), size_of::<$rust>() as i128));
        $facts.push((format!("({})-1", $c), $rust(0).0.wrapping_sub(1).into()));
        $($facts.push((format!("{}_{}", $c, stringify!($code)), $rust::$code.0.into()));)+
    )+};
}

#[rustfmt::skip]
fn facts() -> Vec<Fact> {
    let mut facts: Vec<Fact> = vec![];
    structs! { facts:
        Port = "aw_port" { name, doc, dir, kind, flags }
        Param = "aw_param" { name, unit, doc, ty, flags, default_num, default_text, min, max, choices }
        Pair = "aw_pair" { key, text }
        Preset = "aw_preset" { name, doc, values, value_count }
        Value = "aw_value" { num, text, list, table, len }
        Format = "aw_format" { kind, channels, dims, rate_num, rate_den }
        Stream = "aw_stream" { port, format, frames, latency, tail }
        Setup = "aw_setup" { size, sample_rate, max_frames, input_count, output_count, inputs, outputs, rehearsals, rehearsals_why }
        Event = "aw_event" { time, label, value }
        Buffer = "aw_buffer" { data, stride, frames }
        Block = "aw_block" { size, input_count, output_count, time, inputs, outputs, position, end }
        Host = "aw_host" { size, ctx, log }
        Heap = "aw_heap" { bytes, peak, in_render }
        Worker = "aw_worker" {
            size, flags, port_count, param_count, id, summary, ports, params,
            create, prepare, process, set_param, reset, save, load, destroy,
            extent, rewind, presets, preset_count
        }
        Library = "aw_library" { abi_major, abi_minor, size, worker_count, workers, heap }
    }
    codes! { facts:
        Status = "aw_status" { OK, ERROR, PANIC, SHORT }
        Kind = "aw_kind" { AUDIO, SPECTRUM, FEATURES, TENSOR, EVENTS, ANY }
        Dir = "aw_dir" { IN, OUT }
        Type = "aw_type" { BOOL, INT, FLOAT, TEXT, PATH, FLOATS, TABLE }
        Level = "aw_level" { DEBUG, INFO, WARN, ERROR }
    }
    facts.extend([
        ("AW_ABI_MAJOR".into(), ABI_MAJOR.into()),
        ("AW_ABI_MINOR".into(), ABI_MINOR.into()),
        ("AW_MAX_RANK".into(), MAX_RANK as i128),
        ("AW_MAX_PORTS".into(), MAX_PORTS as i128),
        ("AW_ENDLESS".into(), ENDLESS.into()),
        ("AW_NO_END".into(), (NO_END as i64).into()), // printed with a sign
        ("aw_port_OPTIONAL".into(), port_flags::OPTIONAL.into()),
        ("aw_port_MANY".into(), port_flags::MANY.into()),
        ("aw_param_LIVE".into(), param_flags::LIVE.into()),
        ("aw_param_REQUIRED".into(), param_flags::REQUIRED.into()),
        ("aw_param_NAMES_OUTPUTS".into(), param_flags::NAMES_OUTPUTS.into()),
        ("aw_param_SAME_WORK".into(), param_flags::SAME_WORK.into()),
        ("aw_worker_MAY_BLOCK".into(), worker_flags::MAY_BLOCK.into()),
    ]);
    facts
}

#[test]
fn c_and_rust_agree_on_every_byte() {
    let facts = facts();
    let mut program = String::from("#include \"worker.h\"\n#include <stdio.h>\nint main(void) {\n");
    for (expression, _) in &facts {
        writeln!(program, "  printf(\"%lld\\n\", (long long)({expression}));").unwrap();
    }
    program += "  return 0;\n}\n";
    let (source, binary) = (cc::built("layout.c"), cc::built("layout"));
    std::fs::write(&source, program).unwrap();
    cc::compile("c11", &[], &source, &binary);

    let printed = Command::new(&binary).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let in_c: Vec<i128> = printed.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(in_c.len(), facts.len());
    for ((expression, rust), c) in facts.iter().zip(in_c) {
        assert_eq!(c, *rust, "`{expression}` in C and in Rust");
    }
}

#[test]
fn no_struct_or_constant_of_the_header_is_left_out_of_the_comparison() {
    let header = std::fs::read_to_string(cc::repo("workers/abi/worker.h")).unwrap();
    let compared = facts().into_iter().map(|(expression, _)| expression).collect::<BTreeSet<String>>();
    for line in header.lines() {
        let expression = match line.split(' ').collect::<Vec<_>>()[..] {
            ["typedef", "struct", name, "{"] => format!("sizeof({name})"),
            ["typedef", "uint32_t" | "int32_t", name] => format!("sizeof({})", name.trim_end_matches(';')),
            ["#define", "AW_WORKER_H" | "AW_EXPORT", ..] => continue,
            ["#define", name, ..] => name.into(),
            _ => continue,
        };
        assert!(compared.contains(&expression), "`{expression}` is in worker.h but not compared");
    }
}

/// What a C author's file starts with, and the two ways to name the entry agree.
const HEADER_ALONE: &str = "#include \"worker.h\"\n#include \"worker.h\"\n\
    aw_entry_fn aw_test_entry(void);\naw_entry_fn aw_test_entry(void) { return aw_entry; }\n";

#[test]
fn the_header_alone_is_clean_c11_and_cpp17() {
    for (language, name) in [("c11", "alone.c"), ("c17", "alone.c"), ("c++17", "alone.cpp")] {
        let source = cc::built(name);
        std::fs::write(&source, HEADER_ALONE).unwrap();
        cc::compile(language, &["-c"], &source, &cc::built("alone.o"));
    }
}
