//! Whatever numbers and texts a library describes itself with, the host answers with its workers or with a sentence.
//! Pointers are good here; libraries with bad ones are tried in a process of their own (`aw check`).
#![allow(unsafe_code)]
use aw_abi::{self as abi, Dir, Kind, Type};
use aw_host::plugin::{Kind as HostKind, Library, ParamType};
use proptest::prelude::*;
use std::cell::Cell;
use std::ffi::c_char;
use std::path::Path;
use std::ptr::null;

thread_local!(static LIBRARY: Cell<*const abi::Library> = const { Cell::new(null()) });

unsafe extern "C" fn entry(_: u32, _: u32) -> *const abi::Library {
    LIBRARY.get()
}
unsafe extern "C" fn create(_: *const abi::Host, _: *const abi::Value, _: *mut *mut abi::Instance) -> abi::Status {
    abi::Status::ERROR
}
unsafe extern "C" fn prepare(_: *mut abi::Instance, _: *mut abi::Setup) -> abi::Status {
    abi::Status::ERROR
}
unsafe extern "C" fn process(_: *mut abi::Instance, _: *const abi::Block) -> abi::Status {
    abi::Status::ERROR
}
unsafe extern "C" fn set_param(_: *mut abi::Instance, _: u32, _: f64) {}
unsafe extern "C" fn destroy(_: *mut abi::Instance) {}

/// A text as C has it: null, or bytes that end in a null byte.
fn text() -> impl Strategy<Value = Option<Vec<u8>>> {
    let words = vec!["in", "out", "gain", "a", "b", "worker", "Ä", "two words", ""];
    let plain = proptest::sample::select(words).prop_map(|word| word.as_bytes().to_vec());
    let bytes = proptest::collection::vec(1..=u8::MAX, 0..80);
    let some = prop_oneof![8 => plain, 2 => bytes, 1 => Just(vec![b'x'; 5000])];
    proptest::option::weighted(0.9, some).prop_map(|text| {
        text.map(|mut bytes| {
            bytes.push(0);
            bytes
        })
    })
}

fn number() -> impl Strategy<Value = f64> {
    let odd = vec![0.0, -1.0, 1.0, 0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300];
    prop_oneof![proptest::sample::select(odd), any::<f64>()]
}

type Text = Option<Vec<u8>>;
type PortParts = (Text, Text, u32, u32, u32);
type ParamParts = ([Text; 4], u32, u32, [f64; 3], Option<Vec<Text>>);

fn port() -> impl Strategy<Value = PortParts> {
    (text(), text(), 0..4u32, 0..8u32, 0..8u32)
}

fn param() -> impl Strategy<Value = ParamParts> {
    let choices = proptest::option::of(proptest::collection::vec(text(), 0..4));
    ([text(), text(), text(), text()], 0..9u32, 0..16u32, [number(), number(), number()], choices)
}

fn size() -> impl Strategy<Value = Option<u32>> {
    proptest::option::weighted(0.1, any::<u32>())
}

fn pointer(text: &Text) -> *const c_char {
    text.as_ref().map_or(null(), |bytes| bytes.as_ptr().cast())
}

fn raw_port((name, doc, dir, kind, flags): &PortParts) -> abi::Port {
    abi::Port { name: pointer(name), doc: pointer(doc), dir: Dir(*dir), kind: Kind(*kind), flags: *flags }
}

fn raw_param((texts, ty, flags, numbers, choices): &ParamParts, list: &[*const c_char]) -> abi::Param {
    abi::Param {
        name: pointer(&texts[0]),
        unit: pointer(&texts[1]),
        doc: pointer(&texts[2]),
        ty: Type(*ty),
        flags: *flags,
        default_num: numbers[0],
        default_text: pointer(&texts[3]),
        min: numbers[1],
        max: numbers[2],
        choices: if choices.is_some() { list.as_ptr() } else { null() },
    }
}

fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: if cfg!(miri) { 40 } else { 20_000 },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]
    #[test]
    fn no_description_harms_the_host(
        id in text(),
        ports in proptest::collection::vec(port(), 0..5),
        params in proptest::collection::vec(param(), 0..5),
        sizes in [size(), size()],
        missing in prop_oneof![4 => Just(0u32), 1 => 0..64u32],
    ) {
        let raw_ports: Vec<abi::Port> = ports.iter().map(raw_port).collect();
        let lists: Vec<Vec<*const c_char>> = params.iter().map(|(.., choices)| {
            let list = choices.iter().flatten().map(pointer).take_while(|choice| !choice.is_null());
            list.chain([null()]).collect()
        }).collect();
        let raw_params: Vec<abi::Param> = params.iter().zip(&lists).map(|(param, list)| raw_param(param, list)).collect();
        let pairs: Vec<abi::Pair> = params.iter().map(|param| raw_param(param, &[]).name).zip([pointer(&id)]).map(|(key, text)| abi::Pair { key, text }).collect();
        let preset = abi::Preset { name: pointer(&id), doc: pointer(&id), values: pairs.as_ptr(), value_count: pairs.len() as u32 };
        let raw_presets = [preset, preset];
        let raw_presets = &raw_presets[..(missing % 3) as usize];
        let has = |bit: u32| missing & (1 << bit) == 0;
        let worker = abi::Worker {
            size: sizes[0].unwrap_or(size_of::<abi::Worker>() as u32),
            flags: missing,
            port_count: raw_ports.len() as u32,
            param_count: raw_params.len() as u32,
            id: pointer(&id),
            summary: pointer(&id),
            ports: if has(4) { raw_ports.as_ptr() } else { null() },
            params: if has(5) { raw_params.as_ptr() } else { null() },
            create: has(0).then_some(create),
            prepare: Some(prepare),
            process: has(1).then_some(process),
            set_param: has(2).then_some(set_param),
            reset: None,
            save: None,
            load: None,
            destroy: has(3).then_some(destroy),
            extent: None,
            rewind: None,
            presets: raw_presets.as_ptr(),
            preset_count: if has(6) { raw_presets.len() as u32 } else { missing },
        };
        let list = [&raw const worker];
        let library = abi::Library {
            abi_major: abi::ABI_MAJOR,
            abi_minor: missing,
            size: sizes[1].unwrap_or(size_of::<abi::Library>() as u32),
            worker_count: 1,
            workers: list.as_ptr(),
            heap: None,
        };
        LIBRARY.set(&library);
        // SAFETY: every pointer is null or good for as long as the library is read, which is now.
        match unsafe { Library::from_entry(Path::new("described.so"), entry) } {
            Err(why) => prop_assert!(why.to_string().starts_with("described.so"), "{}", why),
            Ok(library) => for worker in &library.workers {
                prop_assert!(!worker.id.is_empty());
                for port in &worker.ports {
                    prop_assert!(port.kind.0 <= HostKind::ANY.0 && (port.is_output || port.kind != HostKind::EVENTS));
                }
                for param in &worker.params {
                    let is_number = matches!(param.ty, ParamType::Bool | ParamType::Int | ParamType::Float);
                    prop_assert!(!is_number || param.min <= param.max);
                    prop_assert!(!param.live || is_number);
                }
            },
        }
    }
}
