//! What a worker remembers survives it: saved from one instance, loaded into another.

mod bench;

use aw_sdk::abi::Status;
use aw_sdk::{Block, Error, Format, Kind, Port, Result, Setup, Spec, Values, Worker};
use bench::Bench;

/// The running sum of its input.
struct Sum(f32);

impl Worker for Sum {
    const SPEC: Spec =
        Spec { id: c"sum", ports: &[Port::input(c"in", Kind::AUDIO), Port::output(c"out", Kind::AUDIO)], ..Spec::NEW };
    fn create(_: &Values) -> Result<Self> {
        Ok(Self(0.0))
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let audio = setup.input("in")?;
        setup.output("out", audio);
        Ok(())
    }
    fn process(&mut self, block: &mut Block) {
        for (y, x) in block.outputs.plane(0, 0).iter_mut().zip(block.inputs.plane(0, 0)) {
            self.0 += x;
            *y = self.0;
        }
    }
    fn reset(&mut self) {
        self.0 = 0.0;
    }
    fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_le_bytes());
    }
    fn load(&mut self, data: &[u8]) -> Result {
        let data = data.try_into().map_err(|_| Error(format!("{} bytes are no sum", data.len())))?;
        self.0 = f32::from_le_bytes(data);
        Ok(())
    }
}

fn sum() -> Bench {
    let mut bench = Bench::new::<Sum>(&[]);
    assert_eq!(bench.prepare(&[(c"in", Format::audio(1, 16_000))], &[c"out"]).0, Status::OK);
    bench
}

#[test]
fn a_new_instance_goes_on_where_the_old_one_stopped() {
    let (mut old, mut new) = (sum(), sum());
    assert_eq!(old.audio(&[1.0, 2.0]).1, [1.0, 3.0]);
    let (status, len, data) = old.save(10);
    assert_eq!((status, len), (Status::OK, 4));
    assert_eq!(data[4..], [0xEE; 6], "no byte more than it says");
    assert_eq!(new.load(&data[..len]), Status::OK);
    assert_eq!(new.audio(&[1.0]), old.audio(&[1.0]));
    new.reset();
    assert_eq!(new.audio(&[1.0]).1, [1.0]);
}

#[test]
fn too_little_room_is_told_with_the_length_and_writes_nothing() {
    let mut bench = sum();
    for room in [0, 3] {
        assert_eq!(bench.save(room), (Status::SHORT, 4, vec![0xEE; room]));
    }
    assert_eq!(bench.save(4).0, Status::OK, "asking was no mistake");
}

#[test]
fn a_refusal_to_load_is_logged_and_changes_nothing() {
    let mut bench = sum();
    bench.audio(&[2.0]);
    assert_eq!(bench.load(&[1, 2, 3]), Status::ERROR);
    assert_eq!(bench.load(&[]), Status::ERROR);
    assert_eq!(bench.said(), ["3 bytes are no sum", "0 bytes are no sum"]);
    assert_eq!(bench.audio(&[1.0]).1, [3.0]);
}
