//! With the hook of a worker library in place, a panic says where it happened, and prints nothing. Alone in its file:
//! a hook is for the whole process, and it silences failing tests.

mod bench;

use aw_sdk::abi::Status;
use aw_sdk::{Block, Param, Result, Setup, Spec, Values, Worker};
use bench::Bench;

/// Panics with a message of as many letters as it is told.
struct Loud(usize);

impl Worker for Loud {
    const SPEC: Spec = Spec { id: c"loud", params: &[Param::int(c"letters", 0)], ..Spec::NEW };
    fn create(values: &Values) -> Result<Self> {
        Ok(Self(values.size("letters")))
    }
    fn prepare(&mut self, _: &mut Setup) -> Result {
        Ok(())
    }
    fn process(&mut self, _: &mut Block) {
        panic!("{}", "ä".repeat(self.0));
    }
}
/// The line of the `panic!` above.
const LINE: u32 = line!() - 4;

#[test]
fn the_message_carries_file_and_line_however_long_it_is() {
    aw_sdk::quiet_panics();
    for letters in [3.0, 5000.0] {
        let mut bench = Bench::new::<Loud>(&[letters]);
        let status = bench.process(0, &[], &mut []);
        let said = bench.destroy();
        let place = format!("panicked at {}:{LINE}: ää", file!());
        let fits = said.len() == 1 && said[0].starts_with(&place) && said[0].len() <= 400;
        if status != Status::PANIC || !fits {
            println!("{status:?} {said:?}, not {place:?}"); // the hook keeps the assertion's own words from us
        }
        assert!(status == Status::PANIC && fits);
    }
}
