//! RT — says where a worker's own instructions begin and end, to an emulator that counts them: by a system call that no
//! system has, which costs nothing where it is not made.

/// Numbers of marks: steps by their place in the plan, and what is not a step from [`Mark::INPUT`] on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(pub u32);

impl Mark {
    /// What writes the sound that comes in.
    pub const INPUT: Self = Self(1020);
    /// A block: the engine, with steps as pairs in it.
    pub const BLOCK: Self = Self(1021);
    /// A pair with [`Mark::EMPTY`] in it and nothing else: what a pair costs the one around it.
    pub const AROUND: Self = Self(1022);
    /// A pair with nothing in it: what a pair costs itself.
    pub const EMPTY: Self = Self(1023);

    /// The mark of a step, if there are not too many of them.
    pub fn of_step(at: usize) -> Option<Self> {
        u32::try_from(at).ok().filter(|at| *at < Self::INPUT.0).map(Self)
    }

    /// Whether it is of a step.
    pub fn is_step(self) -> bool {
        self.0 < Self::INPUT.0
    }

    /// RT — what comes from here on, up to [`Mark::leave`], is of this.
    #[inline(never)]
    pub fn enter(self, frames: usize) {
        call(1, self.0, frames as u32);
    }

    /// RT — ends what was entered last.
    #[inline(never)]
    pub fn leave() {
        call(0, 0, 0);
    }
}

#[cfg(target_os = "linux")]
fn call(enter: u32, what: u32, frames: u32) {
    /// Linux has no such call, on no machine, and answers so.
    const NUMBER: libc::c_long = 0x7001;
    // SAFETY: a call that is not there touches nothing but `errno`.
    unsafe {
        libc::syscall(NUMBER, libc::c_ulong::from(enter), libc::c_ulong::from(what), libc::c_ulong::from(frames))
    };
}

#[cfg(not(target_os = "linux"))]
fn call(_: u32, _: u32, _: u32) {}
