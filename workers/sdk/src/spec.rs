//! What a worker says about itself, as constants.
use aw_abi::{self as abi, Dir, Kind, Type, param_flags, port_flags};
use core::ffi::{CStr, c_char};
use core::ptr::null;

/// Name, ports and parameters of a worker.
#[derive(Clone, Copy)]
pub struct Spec {
    /// Its name in graph files.
    pub id: &'static CStr,
    /// One line.
    pub summary: &'static CStr,
    /// Its ports.
    pub ports: &'static [Port],
    /// Its parameters.
    pub params: &'static [Param],
    /// Parameter values under a name, which graphs take with `preset = "NAME"`.
    pub presets: &'static [Preset],
    /// `process` may allocate or wait: the host keeps it off the render thread.
    pub may_block: bool,
}

impl Spec {
    /// A worker without ports and parameters, to be completed with `..`.
    pub const NEW: Self = Self { id: c"", summary: c"", ports: &[], params: &[], presets: &[], may_block: false };
}

/// A port; see [`abi::Port`].
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Port(pub(crate) abi::Port);

impl Port {
    const fn new(name: &'static CStr, dir: Dir, kind: Kind) -> Self {
        Self(abi::Port { name: name.as_ptr(), doc: c"".as_ptr(), dir, kind, flags: 0 })
    }
    /// A port the worker reads.
    pub const fn input(name: &'static CStr, kind: Kind) -> Self {
        Self::new(name, Dir::IN, kind)
    }
    /// A port the worker writes.
    pub const fn output(name: &'static CStr, kind: Kind) -> Self {
        Self::new(name, Dir::OUT, kind)
    }
    /// One line about it.
    pub const fn doc(mut self, doc: &'static CStr) -> Self {
        self.0.doc = doc.as_ptr();
        self
    }
    /// It may stay unconnected.
    pub const fn optional(mut self) -> Self {
        self.0.flags |= port_flags::OPTIONAL;
        self
    }
    /// It stands for any number of ports, which the graph names.
    pub const fn many(mut self) -> Self {
        self.0.flags |= port_flags::MANY;
        self
    }
}

/// A parameter; see [`abi::Param`].
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Param(pub(crate) abi::Param);

impl Param {
    const fn new(name: &'static CStr, ty: Type, default_num: f64, default_text: *const c_char) -> Self {
        let (unit, doc) = (c"".as_ptr(), c"".as_ptr());
        let (min, max) = (f64::NEG_INFINITY, f64::INFINITY);
        let name = name.as_ptr();
        Self(abi::Param { name, unit, doc, ty, flags: 0, default_num, default_text, min, max, choices: null() })
    }
    /// A number with a default.
    pub const fn float(name: &'static CStr, default: f64) -> Self {
        Self::new(name, Type::FLOAT, default, null())
    }
    /// A whole number with a default.
    pub const fn int(name: &'static CStr, default: i32) -> Self {
        Self::new(name, Type::INT, default as f64, null())
    }
    /// `true` or `false`, with a default.
    pub const fn bool(name: &'static CStr, default: bool) -> Self {
        Self::new(name, Type::BOOL, if default { 1.0 } else { 0.0 }, null())
    }
    /// A text with a default.
    pub const fn text(name: &'static CStr, default: &'static CStr) -> Self {
        Self::new(name, Type::TEXT, 0.0, default.as_ptr())
    }
    /// A file, empty by default; the worker sees an absolute path.
    pub const fn path(name: &'static CStr) -> Self {
        Self::new(name, Type::PATH, 0.0, c"".as_ptr())
    }
    /// A list of numbers, empty by default.
    pub const fn floats(name: &'static CStr) -> Self {
        Self::new(name, Type::FLOATS, 0.0, null())
    }
    /// A table of texts, empty by default.
    pub const fn table(name: &'static CStr) -> Self {
        Self::new(name, Type::TABLE, 0.0, null())
    }
    /// The texts allowed; see [`choices!`](crate::choices).
    pub const fn choices(mut self, choices: &'static Choices) -> Self {
        self.0.choices = choices.0.as_ptr();
        self
    }
    /// The range the host enforces.
    pub const fn range(mut self, min: f64, max: f64) -> Self {
        (self.0.min, self.0.max) = (min, max);
        self
    }
    /// Its unit.
    pub const fn unit(mut self, unit: &'static CStr) -> Self {
        self.0.unit = unit.as_ptr();
        self
    }
    /// One line about it.
    pub const fn doc(mut self, doc: &'static CStr) -> Self {
        self.0.doc = doc.as_ptr();
        self
    }
    /// It may change while rendering.
    pub const fn live(mut self) -> Self {
        self.0.flags |= param_flags::LIVE;
        self
    }
    /// It has no default: the graph file must set it.
    pub const fn required(mut self) -> Self {
        self.0.flags |= param_flags::REQUIRED;
        self
    }
    /// The keys of this table name the ports that the MANY output stands for.
    pub const fn names_outputs(mut self) -> Self {
        self.0.flags |= param_flags::NAMES_OUTPUTS;
        self
    }
    /// `process` does as much work whatever its value, so that what was counted with one holds for all.
    pub const fn same_work(mut self) -> Self {
        self.0.flags |= param_flags::SAME_WORK;
        self
    }
}

/// Values of several parameters under one name; see [`abi::Preset`].
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Preset(pub(crate) abi::Preset);

// SAFETY: it points at static text.
#[allow(unsafe_code)]
unsafe impl Sync for Preset {}

/// A parameter and its value as TOML, of a [`Preset`].
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Set(abi::Pair);

// SAFETY: it points at static text.
#[allow(unsafe_code)]
unsafe impl Sync for Set {}

impl Set {
    /// `key = value`, the value as it would be written in TOML: `"hann"`, `0.97`, `true`.
    pub const fn new(key: &'static CStr, value: &'static CStr) -> Self {
        Self(abi::Pair { key: key.as_ptr(), text: value.as_ptr() })
    }
}

impl Preset {
    /// A preset; see [`preset!`](crate::preset).
    pub const fn new(name: &'static CStr, doc: &'static CStr, values: &'static [Set]) -> Self {
        let (name, doc, value_count) = (name.as_ptr(), doc.as_ptr(), values.len() as u32);
        Self(abi::Preset { name, doc, values: values.as_ptr().cast(), value_count })
    }
}

/// A [`Preset`]: `preset!(c"speech", c"For voices"; c"mel.bands" = c"80", c"window" = c"\"hann\"")`.
#[macro_export]
macro_rules! preset {
    ($name:expr, $doc:expr; $($key:literal = $value:expr),* $(,)?) => {
        $crate::Preset::new($name, $doc, const { &[$($crate::Set::new($key, $value)),*] })
    };
}

/// Texts a parameter may have; made by [`choices!`](crate::choices).
pub struct Choices(#[doc(hidden)] pub &'static [*const c_char]);

/// A list of texts for [`Param::choices`]: `choices![c"rect", c"hann"]`.
#[macro_export]
macro_rules! choices {
    ($($text:expr),+ $(,)?) => {
        const { &$crate::Choices(&[$(::core::ffi::CStr::as_ptr($text)),+, ::core::ptr::null()]) }
    };
}
