//! A worker as a library may describe it, and what no description may do. `tests/fuzz` describes with it too.
#![allow(unsafe_code)]
use aw_abi::{self as abi, Dir, Kind, Type};
use aw_host::plugin::{Kind as HostKind, Library, ParamType};
use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
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
unsafe extern "C" fn reset(_: *mut abi::Instance) {}
unsafe extern "C" fn set_param(_: *mut abi::Instance, _: u32, _: f64) {}
unsafe extern "C" fn destroy(_: *mut abi::Instance) {}

/// A text as C has it: null, or bytes that end in a null byte.
pub type Text = Option<Vec<u8>>;
/// Name, doc, direction, kind, flags.
pub type PortParts = (Text, Text, u32, u32, u32);
/// Name, unit, doc and default; type, flags; default, least and greatest; choices.
pub type ParamParts = ([Text; 4], u32, u32, [f64; 3], Option<Vec<Text>>);

/// Name and doc, keys and values; how many are claimed instead, and whether they are nowhere.
pub type PresetParts = (Text, Text, Vec<(Text, Text)>, Option<u32>, bool);

/// A library of one worker.
#[derive(Debug)]
pub struct Described {
    pub id: Text,
    pub ports: Vec<PortParts>,
    pub params: Vec<ParamParts>,
    pub presets: Vec<PresetParts>,
    /// What the worker and the library say of their own sizes, if not the truth.
    pub sizes: [Option<u32>; 2],
    /// Bits of functions and lists that are null: create, process, set_param, destroy, ports, params.
    pub missing: u32,
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

impl Described {
    /// Hands the library to the host. Refused with a sentence, or workers that are as they should be.
    pub fn harmless(&self) {
        let raw_ports: Vec<abi::Port> = self.ports.iter().map(raw_port).collect();
        let lists: Vec<Vec<*const c_char>> = self
            .params
            .iter()
            .map(|(.., choices)| {
                let list = choices.iter().flatten().map(pointer).take_while(|choice| !choice.is_null());
                list.chain([null()]).collect()
            })
            .collect();
        let raw_params: Vec<abi::Param> =
            self.params.iter().zip(&lists).map(|(param, list)| raw_param(param, list)).collect();
        let pair = |(key, text): &(Text, Text)| abi::Pair { key: pointer(key), text: pointer(text) };
        let pairs: Vec<Vec<abi::Pair>> =
            self.presets.iter().map(|(.., values, _, _)| values.iter().map(pair).collect()).collect();
        let preset = |((name, doc, _, claims, nowhere), pairs): (&PresetParts, &Vec<abi::Pair>)| abi::Preset {
            name: pointer(name),
            doc: pointer(doc),
            values: if *nowhere { null() } else { pairs.as_ptr() },
            value_count: claims.unwrap_or(pairs.len() as u32),
        };
        let raw_presets: Vec<abi::Preset> = self.presets.iter().zip(&pairs).map(preset).collect();
        let has = |bit: u32| self.missing & (1 << bit) == 0;
        let worker = abi::Worker {
            size: self.sizes[0].unwrap_or(size_of::<abi::Worker>() as u32),
            flags: self.missing,
            port_count: raw_ports.len() as u32,
            param_count: raw_params.len() as u32,
            id: pointer(&self.id),
            summary: pointer(&self.id),
            ports: if has(4) { raw_ports.as_ptr() } else { null() },
            params: if has(5) { raw_params.as_ptr() } else { null() },
            create: has(0).then_some(create),
            prepare: Some(prepare),
            process: has(1).then_some(process),
            set_param: has(2).then_some(set_param),
            reset: Some(reset),
            save: None,
            load: None,
            destroy: has(3).then_some(destroy),
            extent: None,
            rewind: None,
            presets: raw_presets.as_ptr(),
            preset_count: raw_presets.len() as u32,
        };
        let list = [&raw const worker];
        let library = abi::Library {
            abi_major: abi::ABI_MAJOR,
            abi_minor: self.missing,
            size: self.sizes[1].unwrap_or(size_of::<abi::Library>() as u32),
            worker_count: 1,
            workers: list.as_ptr(),
            heap: None,
        };
        LIBRARY.set(&library);
        // SAFETY: every pointer is null or good for as long as the library is read, which is now.
        match unsafe { Library::from_entry(Path::new("described.so"), entry) } {
            Err(why) => assert!(why.to_string().starts_with("described.so"), "{}", why),
            Ok(library) => {
                for worker in &library.workers {
                    assert!(!worker.id.is_empty());
                    for port in &worker.ports {
                        assert!(port.kind.0 <= HostKind::ANY.0 && (port.is_output || port.kind != HostKind::EVENTS));
                    }
                    for param in &worker.params {
                        let is_number = matches!(param.ty, ParamType::Bool | ParamType::Int | ParamType::Float);
                        assert!(!is_number || param.min <= param.max);
                        assert!(!param.live || is_number);
                        assert!(param.name.matches('.').count() <= 1);
                        let group = param.name.split('.').next().unwrap_or_default();
                        assert!(!["worker", "in", "run"].contains(&group));
                        assert!(group != "preset" || worker.presets.is_empty());
                        assert!(group == param.name || !worker.params.iter().any(|other| other.name == group));
                    }
                    for preset in &worker.presets {
                        for (key, _) in &preset.values {
                            assert!(worker.params.iter().any(|param| param.name == *key));
                        }
                    }
                }
            }
        }
    }
}

/// `aw_worker` as version 1.0 had it, in pieces that may be pointers; nothing lies behind.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct OldWorker([MaybeUninit<*const c_void>; std::mem::offset_of!(abi::Worker, extent) / size_of::<usize>()]);

/// A worker without ports, of today in every field but `size`.
#[allow(dead_code)] // the fuzzer describes its own
pub fn plain(size: usize) -> abi::Worker {
    // SAFETY: all of a table may be zero: null pointers, no functions, empty lists.
    let zero: abi::Worker = unsafe { std::mem::zeroed() };
    abi::Worker {
        size: size as u32,
        id: c"plain".as_ptr(),
        create: Some(create),
        prepare: Some(prepare),
        process: Some(process),
        reset: Some(reset),
        destroy: Some(destroy),
        ..zero
    }
}

/// What the host makes of a library of 1.0 with this worker.
#[allow(dead_code)]
pub fn described(worker: *const abi::Worker) -> Result<Library, String> {
    let list = [worker];
    let library = abi::Library {
        abi_major: abi::ABI_MAJOR,
        abi_minor: 0,
        size: size_of::<abi::Library>() as u32,
        worker_count: 1,
        workers: list.as_ptr(),
        heap: None,
    };
    LIBRARY.set(&library);
    // SAFETY: the worker is there for as long as the library is read, which is now.
    unsafe { Library::from_entry(Path::new("described.so"), entry) }.map_err(|why| why.to_string())
}
