//! The allocator of a worker library counts what rendering allocates. Alone in its file, with one test: it is the
//! allocator of the whole process and counts for all its threads.
#![allow(clippy::unwrap_used)]

mod bench;

use aw_sdk::abi::{Heap, Status};
use aw_sdk::{Block, Error, Param, Result, Setup, Spec, Values, Worker, heap};
use bench::Bench;
use std::hint::black_box;

#[global_allocator]
static HEAP: heap::Guard = heap::Guard;

fn now() -> Heap {
    let mut now = Heap::default();
    // SAFETY: valid for a write.
    unsafe { heap::report(&mut now) };
    now
}

/// Allocates and frees 100 000 bytes where its parameter says; `BLOCKS` makes it one that may.
struct Hungry<const BLOCKS: bool>(f64);

impl<const BLOCKS: bool> Hungry<BLOCKS> {
    fn eat(&self, here: f64) {
        if self.0 == here {
            drop(black_box(Vec::<u8>::with_capacity(100_000)));
        }
    }
}

impl<const BLOCKS: bool> Worker for Hungry<BLOCKS> {
    const SPEC: Spec = Spec {
        id: c"hungry",
        params: &[Param::float(c"at", 0.0).live(), Param::bool(c"panics", false)],
        may_block: BLOCKS,
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        let at = values.float("at");
        if at < 0.0 { Err(Error("no".into())) } else { Ok(Self(at)) }
    }
    fn prepare(&mut self, _: &mut Setup) -> Result {
        self.eat(1.0);
        Ok(())
    }
    fn process(&mut self, _: &mut Block) {
        self.eat(2.0);
        assert!(self.0 != 9.0, "told to");
    }
    fn set_param(&mut self, _: &str, _: f64) {
        self.eat(3.0);
    }
    fn reset(&mut self) {
        self.eat(4.0);
    }
    fn save(&self, _: &mut Vec<u8>) {
        self.eat(5.0);
    }
}

/// Allocations and frees in render code while one instance goes through its life.
fn counted<const BLOCKS: bool>(at: f64) -> u64 {
    let before = now().in_render;
    let mut bench = Bench::new::<Hungry<BLOCKS>>(&[at, 0.0]);
    assert_eq!(bench.prepare(&[], &[]).0, Status::OK);
    bench.process(0, &[], &mut []);
    bench.set_param(0, 0.0);
    bench.reset();
    bench.save(0);
    drop(bench);
    now().in_render - before
}

#[test]
fn render_code_is_caught_allocating_and_control_code_may() {
    assert_eq!(counted::<false>(0.0), 0, "nothing to catch");
    for control in [1.0, 5.0] {
        assert_eq!(counted::<false>(control), 0, "prepare and save may allocate");
    }
    for render in [2.0, 3.0, 4.0] {
        assert_eq!(counted::<false>(render), 2, "one allocation, one free");
        assert_eq!(counted::<true>(render), 0, "a worker that may block may");
    }

    // Bytes held, and most ever held, of a vector that doubles its room and goes.
    let before = now();
    let mut held = black_box(vec![0_u8; 1 << 20]);
    assert_eq!(now().bytes - before.bytes, 1 << 20);
    held.reserve_exact(1 << 20);
    assert_eq!(now().bytes - before.bytes, 2 << 20);
    drop(black_box(held));
    assert_eq!(now().bytes, before.bytes);
    assert!(now().peak >= before.bytes + (2 << 20));

    // A panic in the middle of `process` ends the counting: what comes after is not blamed.
    counted::<false>(9.0);
    assert_eq!(counted::<false>(1.0), 0);
    let before = now().in_render;
    drop(black_box(vec![0_u8; 4096]));
    assert_eq!(now().in_render, before);
}
