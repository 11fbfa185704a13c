//! `bad_alloc` and `bad_leak`.

use crate::fuse::{Fuse, When};
use crate::{THROUGH, copy, through};
use aw_sdk::{Block, Param, Result, Setup, Spec, Values, Worker};
use std::hint::black_box;

const BYTES: Param = Param::int(c"bytes", 4096).range(1.0, 1e9).unit(c"bytes").doc(c"How much each time");

/// Memory that is really taken: the optimiser may not think it away.
fn take(bytes: usize) -> Vec<u8> {
    black_box(Vec::with_capacity(black_box(bytes)))
}

/// Allocates and frees on the render thread.
pub struct BadAlloc {
    fuse: Fuse,
    bytes: usize,
}

impl Worker for BadAlloc {
    const SPEC: Spec = Spec {
        id: c"bad_alloc",
        summary: c"Allocates and frees where it must not: in `process`, `set_param` or `reset`",
        ports: THROUGH,
        params: &[
            Fuse::WHEN,
            Fuse::AFTER,
            BYTES,
            Param::float(c"touch", 0.0).live().doc(c"To be changed, for `set_param`"),
        ],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self { fuse: Fuse::new(values), bytes: values.size("bytes") })
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        through(setup).map(drop)
    }
    fn process(&mut self, block: &mut Block) {
        if self.fuse.now(block) {
            drop(take(self.bytes));
        }
        copy(block);
    }
    fn set_param(&mut self, _: &str, _: f64) {
        if self.fuse.at(When::SetParam) {
            drop(take(self.bytes));
        }
    }
    fn reset(&mut self) {
        if self.fuse.at(When::Reset) {
            drop(take(self.bytes));
        }
    }
}

/// Takes memory that it never gives back.
pub struct BadLeak {
    fuse: Fuse,
    bytes: usize,
}

impl BadLeak {
    fn leak(&self) {
        std::mem::forget(take(self.bytes));
    }
}

impl Worker for BadLeak {
    const SPEC: Spec = Spec {
        id: c"bad_leak",
        summary: c"Takes memory that it never gives back: each time it is made or prepared, or while it plays",
        ports: THROUGH,
        params: &[Fuse::WHEN, Fuse::AFTER, BYTES],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        let it = Self { fuse: Fuse::new(values), bytes: values.size("bytes") };
        if it.fuse.at(When::Create) {
            it.leak();
        }
        Ok(it)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        if self.fuse.at(When::Prepare) {
            self.leak();
        }
        through(setup).map(drop)
    }
    fn process(&mut self, block: &mut Block) {
        if self.fuse.now(block) {
            self.leak();
        }
        copy(block);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use aw_sdk::abi::Heap;
    use aw_sdk::{Format, Given, Rig};
    use std::sync::Mutex;

    /// The counters are the whole library's, and a panic may allocate its message: one such test at a time.
    pub(crate) static ALONE: Mutex<()> = Mutex::new(());

    #[allow(unsafe_code)]
    fn heap() -> Heap {
        let mut heap = Heap::default();
        // SAFETY: valid for a write.
        unsafe { aw_sdk::heap::report(&mut heap) };
        heap
    }

    fn rig<W: Worker>(when: &str) -> Rig {
        let params: [(&str, Given); 3] = [("when", when.into()), ("after", 2.0.into()), ("bytes", 1e6.into())];
        Rig::new::<W>(&params, &[("in", Format::audio(1, 16_000))], &["out"]).unwrap()
    }

    #[test]
    fn the_librarys_counter_catches_it_at_it() {
        let _alone = ALONE.lock();
        for (when, expected) in [("never", 0), ("process", 4), ("set_param", 2), ("reset", 2)] {
            let mut rig = rig::<BadAlloc>(when);
            let before = heap().in_render;
            for _ in 0..3 {
                rig.run(&[&[&[1.0, 2.0]]]); // the first call is within `after`
            }
            rig.set::<BadAlloc>("touch", 1.0);
            rig.reset();
            assert_eq!(heap().in_render - before, expected, "when = {when:?}");
        }
    }

    #[test]
    fn what_it_leaks_shows_in_what_the_library_holds() {
        let _alone = ALONE.lock();
        for when in ["create", "prepare", "process"] {
            let before = heap().bytes;
            for _ in 0..5 {
                rig::<BadLeak>(when).run(&[&[&[1.0, 2.0, 3.0]]]);
            }
            let grown = heap().bytes - before;
            assert!((5_000_000..5_500_000).contains(&grown), "when = {when:?}: {grown} bytes");
        }
    }
}
