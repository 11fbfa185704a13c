//! `bad_panic`.

use crate::fuse::{Fuse, When};
use crate::{THROUGH, copy, through};
use aw_sdk::{Block, Param, Result, Setup, Spec, Values, Worker};

/// Panics.
pub struct BadPanic(Fuse);

impl BadPanic {
    fn check(&self, here: When) {
        assert!(!self.0.at(here), "told to panic in {here:?}");
    }
}

impl Worker for BadPanic {
    const SPEC: Spec = Spec {
        id: c"bad_panic",
        summary: c"Panics",
        ports: THROUGH,
        params: &[Fuse::WHEN, Fuse::AFTER, Param::float(c"touch", 0.0).live().doc(c"To be changed, for `set_param`")],
        ..Spec::NEW
    };
    fn create(values: &Values) -> Result<Self> {
        let it = Self(Fuse::new(values));
        it.check(When::Create);
        Ok(it)
    }
    fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.check(When::Prepare);
        through(setup).map(drop)
    }
    fn process(&mut self, block: &mut Block) {
        assert!(!self.0.now(block), "told to panic in Process");
        copy(block);
    }
    fn set_param(&mut self, _: &str, _: f64) {
        self.check(When::SetParam);
    }
    fn reset(&mut self) {
        self.check(When::Reset);
    }
    fn save(&self, _: &mut Vec<u8>) {
        self.check(When::Save);
    }
    fn load(&mut self, _: &[u8]) -> Result {
        self.check(When::Load);
        Ok(())
    }
}

impl Drop for BadPanic {
    fn drop(&mut self) {
        self.check(When::Drop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::tests::ALONE;
    use aw_sdk::{Error, Format, Given, Rig};

    fn rig(when: &str, after: f64) -> Result<Rig> {
        let params: [(&str, Given); 2] = [("when", when.into()), ("after", after.into())];
        Rig::new::<BadPanic>(&params, &[("in", Format::audio(1, 16_000))], &["out"])
    }

    #[test]
    fn in_create_and_prepare_it_never_comes_to_be() {
        let _alone = ALONE.lock();
        assert_eq!(rig("create", 0.0).err(), Some(Error("panicked: told to panic in Create".into())));
        assert_eq!(rig("prepare", 0.0).err(), Some(Error("panicked: told to panic in Prepare".into())));
    }

    #[test]
    fn the_frames_before_are_played_well() {
        let _alone = ALONE.lock();
        let mut rig = rig("process", 6.0).unwrap();
        for x in [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]] {
            assert_eq!(rig.run(&[&[&x]])[0][0], x);
        }
        let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rig.run(&[&[&[7.0]]]))).unwrap_err();
        assert!(died.downcast_ref::<String>().unwrap().contains("told to panic in Process"));
    }

    #[test]
    #[should_panic(expected = "process failed")]
    fn after_a_panic_in_set_param_it_plays_no_more() {
        let _alone = ALONE.lock();
        let mut rig = rig("set_param", 0.0).unwrap();
        rig.set::<BadPanic>("touch", 1.0);
        rig.run(&[&[&[1.0]]]);
    }

    #[test]
    #[should_panic(expected = "process failed")]
    fn after_a_panic_in_reset_it_plays_no_more() {
        let _alone = ALONE.lock();
        let mut rig = rig("reset", 0.0).unwrap();
        rig.reset();
        rig.run(&[&[&[1.0]]]);
    }

    #[test]
    fn a_panic_in_drop_is_survived_and_never_is_never() {
        let _alone = ALONE.lock();
        drop(rig("drop", 0.0).unwrap());
        let mut rig = rig("never", 0.0).unwrap();
        rig.reset();
        rig.set::<BadPanic>("touch", 1.0);
        assert_eq!(rig.run(&[&[&[1.0]]])[0][0], [1.0]);
    }
}
