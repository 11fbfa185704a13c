//! Libraries whose descriptions are wrong: each is refused in one line that names the file and the fault.
#![allow(clippy::unwrap_used)]

mod cc;

use aw_tests::{aw, file, stderr, stdout};

/// File below `tests/workers/hostile`, and what is said about it.
const FAULTS: &[(&str, &str)] = &[
    ("abi_0_9", "was built for worker ABI 0.9; this host speaks 1.1"),
    ("abi_7_3", "was built for worker ABI 7.3; this host speaks 1.1"),
    ("choices_empty", "worker `victim`: parameter `knee`: its list of choices is empty"),
    ("choices_endless", "parameter `knee`: it has more than 1024 choices"),
    ("create_null", "worker `victim`: it has no `create` function"),
    ("default_bool_2", "parameter `gain`: its default 2 is outside its range 0 to 1"),
    ("default_infinite", "parameter `gain`: its default inf is outside"),
    ("default_int_broken", "parameter `gain`: its default 0.5 is not whole"),
    ("default_nan", "parameter `gain`: its default NaN is outside its range 0 to 2"),
    ("default_not_a_choice", "parameter `knee`: its default \"medium\" is not among its choices"),
    ("default_out_of_range", "parameter `gain`: its default 3 is outside its range 0 to 2"),
    ("default_text_not_utf8", "parameter `knee`: its default is not UTF-8"),
    ("destroy_null", "it has no `destroy` function"),
    ("entry_null", "refuses this host, which speaks worker ABI 1.1"),
    ("events_in", "port `in`: events can only leave a worker"),
    ("group_and_param_of_one_name", "worker `victim`: `knee` is both a parameter and a group of parameters"),
    ("group_named_in", "parameter `in.gain`: the name of its group, `in`, is reserved by the graph language"),
    ("group_named_preset", "a parameter or a group is called `preset`, which is how a graph takes one of its presets"),
    ("id_empty", "the id of worker 0 is empty"),
    ("id_endless", "the id of worker 0 is longer than"),
    ("id_escape", "the id of worker 0 is \"victim\\u{1b}[2J\"; letters, digits and `_` are allowed"),
    ("id_not_utf8", "the id of worker 0 is not UTF-8"),
    ("id_null", "the id of worker 0 is empty"),
    ("id_path", "the id of worker 0 is \"../../etc/passwd\""),
    ("id_spaces", "the id of worker 0 is \"vic tim\""),
    ("ids_twice", "two workers are called `victim`"),
    ("library_size_small", "its `aw_library` has only 8 bytes"),
    ("library_size_zero", "its `aw_library` has only 0 bytes"),
    ("live_text", "parameter `knee`: only a bool, an int or a float can be LIVE"),
    ("many_inputs_twice", "at most one input and one output port may be MANY"),
    ("many_outputs_twice", "at most one input and one output port may be MANY"),
    ("names_outputs_no_many", "a parameter is NAMES_OUTPUTS, but no output port is MANY"),
    ("names_outputs_no_table", "parameter `knee`: only a table can be NAMES_OUTPUTS"),
    ("names_outputs_twice", "at most one parameter may be NAMES_OUTPUTS"),
    ("no_entry", "is not an audio worker: it exports no `aw_entry`"),
    ("param_count_huge", "it claims 4294967295 parameters; 1024 are allowed"),
    ("param_name_dashed", "the name of a parameter is \"gain-db\"; letters, digits and `_` are allowed"),
    ("param_name_dot_first", "the name of a parameter is \".gain\"; letters, digits and `_` are allowed"),
    ("param_name_dot_last", "the name of a parameter is \"gain.\"; letters, digits and `_` are allowed"),
    ("param_name_empty", "the name of a parameter is empty"),
    ("param_name_null", "the name of a parameter is empty"),
    ("param_name_two_dots", "the name of a parameter is \"a.b.c\"; letters, digits and `_` are allowed"),
    ("param_named_in", "parameter `in`: the name is reserved by the graph language"),
    ("param_named_preset", "a parameter or a group is called `preset`, which is how a graph takes one of its presets"),
    ("param_named_run", "parameter `run`: the name is reserved by the graph language"),
    ("param_named_worker", "parameter `worker`: the name is reserved by the graph language"),
    ("param_names_twice", "two parameters are called `gain`"),
    ("param_type_unknown", "parameter `gain`: unknown type 99"),
    ("params_null", "it claims 2 parameters, but the pointer to them is null"),
    ("port_count_huge", "it claims 4294967295 ports; 32 are allowed"),
    ("port_dir_unknown", "port `out` has the unknown direction 2"),
    ("port_kind_unknown", "port `in` has the unknown kind 99"),
    ("port_name_dotted", "the name of a port is \"a.b\""),
    ("port_name_empty", "the name of a port is empty"),
    ("port_name_null", "the name of a port is empty"),
    ("port_names_twice", "two ports are called `in`"),
    ("ports_null", "it claims 2 ports, but the pointer to them is null"),
    ("prepare_null", "it has no `prepare` function"),
    ("preset_count_huge", "worker `victim`: it claims 4294967295 presets; 1024 are allowed"),
    ("preset_doc_not_utf8", "the doc of a preset is not UTF-8"),
    ("preset_key_null", "preset `quiet` sets ``, which is no parameter"),
    ("preset_key_unknown", "preset `quiet` sets `knees`, which is no parameter"),
    ("preset_keys_twice", "two values of preset `quiet` are called `gain`"),
    ("preset_name_dotted", "the name of a preset is \"very.quiet\"; letters, digits and `_` are allowed"),
    ("preset_name_null", "the name of a preset is empty"),
    ("preset_names_twice", "two presets are called `quiet`"),
    ("preset_value_count_huge", "it claims 4294967295 values in a preset; 1024 are allowed"),
    ("preset_value_not_utf8", "a value in a preset is not UTF-8"),
    ("preset_values_null", "it claims 2 values in a preset, but the pointer to them is null"),
    ("presets_null", "it claims 2 presets, but the pointer to them is null"),
    ("process_null", "it has no `process` function"),
    ("range_nan", "parameter `gain`: its range NaN to 2 is empty"),
    ("range_upside_down", "parameter `gain`: its range 2 to 0 is empty"),
    ("reset_null", "it has no `reset` function"),
    ("set_param_null", "it has a LIVE parameter, but no `set_param` function"),
    ("summary_not_utf8", "worker `victim`: its summary is not UTF-8"),
    ("worker_count_huge", "it claims 4294967295 workers; 1024 are allowed"),
    ("worker_null", "worker 1 is null"),
    ("worker_size_small", "worker 0: its `aw_worker` has"),
    ("worker_size_zero", "worker 0: its `aw_worker` has 0 bytes"),
    ("workers_null", "it claims 1 workers, but the pointer to them is null"),
];

#[test]
fn every_hostile_library_is_refused_in_one_line_that_names_it() {
    let names: Vec<&str> = FAULTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(cc::files("hostile"), names, "every file has a line in the table");
    let mut wrong = vec![];
    for (name, fault) in FAULTS {
        let folder = tempfile::tempdir().unwrap();
        let source = file("tests/workers/hostile").join(format!("{name}.c"));
        let library = cc::library(&source, folder.path(), name).canonicalize().unwrap();
        let output = aw().args(["workers", "gain", "--workers"]).arg(folder.path()).output().unwrap();
        let said = stderr(&output);
        let one_line = said.lines().count() == 1 && said.starts_with("error: ") && !said.contains('\x1b');
        let names_it = said.contains(&library.display().to_string()) && said.contains(fault);
        if output.status.code() != Some(1) || !one_line || !names_it {
            wrong.push(format!("{name}: {} {said:?}; wanted {fault:?}", output.status));
        }
        let output = aw().arg("check").arg(&library).output().unwrap();
        let said = stdout(&output);
        if output.status.code() != Some(1) || !said.starts_with("✗ open: ") || !said.contains(fault) {
            wrong.push(format!("aw check {name}: {} {said:?}; wanted {fault:?}", output.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pointers_to_nowhere_kill_the_child_and_not_the_report() {
    let folder = tempfile::tempdir().unwrap();
    for (name, spoil) in [
        ("ports_wild", "worker.ports = (void *)16;"),
        ("id_wild", "worker.id = (void *)16;"),
        ("workers_wild", "library.workers = (void *)16;"),
        ("library_wild", "answer = (void *)16;"),
        ("create_wild", "worker.create = (void *)16;"),
        ("presets_wild", "worker.presets = (void *)16, worker.preset_count = 1;"),
        ("extent_wild", "worker.extent = (void *)16;"),
    ] {
        let library = cc::spoilt(folder.path(), name, spoil);
        let output = aw().arg("check").arg(&library).output().unwrap();
        let said = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains("✗ ") && said.contains("(SIGSEGV): "), "{name}: {said}");
    }
}

#[test]
fn a_broken_library_among_good_ones_does_not_hide_them_from_its_report() {
    let folder = tempfile::tempdir().unwrap();
    cc::library(&file("tests/workers/hostile/id_null.c"), folder.path(), "one");
    cc::library(&file("tests/workers/hostile/ports_null.c"), folder.path(), "two");
    std::fs::write(folder.path().join("three").with_extension(std::env::consts::DLL_EXTENSION), "no library").unwrap();
    let output = aw().args(["workers", "--workers"]).arg(folder.path()).output().unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said.lines().count(), 3, "all faults at once: {said}");
    assert!(said.contains("one.") && said.contains("two.") && said.contains("cannot load"), "{said}");
}
