//! When to misbehave: in which function, and in `process` after how many frames.

use aw_sdk::{Block, Param, Values, choices};

/// A function of a worker, in the words of the parameter `when`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Never,
    Create,
    Prepare,
    Process,
    SetParam,
    Reset,
    Save,
    Load,
    Drop,
}

/// Set by `when` and `after`.
pub struct Fuse {
    when: When,
    after: u64,
    played: u64,
}

impl Fuse {
    /// The function in which it happens.
    pub const WHEN: Param = Param::text(c"when", c"process")
        .choices(choices![
            c"never",
            c"create",
            c"prepare",
            c"process",
            c"set_param",
            c"reset",
            c"save",
            c"load",
            c"drop"
        ])
        .doc(c"The function in which it happens");
    /// In `process`, the frame at which it happens.
    pub const AFTER: Param =
        Param::int(c"after", 0).range(0.0, 1e9).unit(c"frames").doc(c"In `process`: so many frames are played well");

    pub fn new(values: &Values) -> Self {
        let when = match values.text("when") {
            "create" => When::Create,
            "prepare" => When::Prepare,
            "process" => When::Process,
            "set_param" => When::SetParam,
            "reset" => When::Reset,
            "save" => When::Save,
            "load" => When::Load,
            "drop" => When::Drop,
            _ => When::Never,
        };
        Self { when, after: values.size("after") as u64, played: 0 }
    }

    /// Whether it happens in this function, which is not `process`.
    pub fn at(&self, here: When) -> bool {
        self.when == here
    }

    /// Whether it happens in this `process`: the call that brings frame number `after`, and all that follow.
    pub fn now(&mut self, block: &Block) -> bool {
        self.played += block.inputs.frames(0) as u64;
        self.when == When::Process && self.played > self.after
    }
}
