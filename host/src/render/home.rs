//! RT — lanes that come home when the graph changes: the whole program is put together, and parted again.
//!
//! At the end of the block before a change, every lane is called. When it has done that block it sends itself back to the
//! render thread: one box through a ring. If all are there when the next block begins, what they drive and the frames that
//! lie within them go back into the whole program, another takes over from it as if nothing ran on lanes, and its own
//! lanes are handed what belongs to them. If one is not, all are sent back, and it is tried another time: the sound never
//! waits for it.
use super::lanes::{Lanes, whole};
use super::program::Program;
use super::step::Node;
use ringbuf::traits::Consumer;

impl Lanes {
    /// Whether all lanes are at home, and all that they answered is there.
    pub fn come_home(&mut self, program: &mut Program) -> bool {
        let mut all = true;
        for at in 0..self.lanes.len() {
            self.take_answers(at, program, 0);
            let lane = &mut self.lanes[at];
            lane.part = lane.part.take().or_else(|| lane.back.try_pop());
            all &= lane.part.is_some() && lane.fed && whole(&self.answers, &lane.outputs);
        }
        all && (0..self.lanes.len()).all(|at| self.behind(at) == 0)
    }

    /// Puts back into the program what is on lanes. They are at home.
    pub fn join(&mut self, program: &mut Program) {
        for lane in &mut self.lanes {
            let Some(part) = &mut lane.part else { continue };
            for (step, &whole) in part.program.steps.iter_mut().zip(&lane.members) {
                program.steps[whole].change_places(step);
            }
            for &(stream, whole) in &lane.inner_streams {
                // What others read too has come through the answers, as it was heard.
                if self.answers[whole].is_none() {
                    let slowest = program.readers[whole].iter().map(|&edge| program.positions[edge]).min();
                    let from = slowest.unwrap_or(program.streams[whole].end());
                    program.streams[whole].copy(&part.program.streams[stream], from);
                }
            }
        }
    }

    /// Hands the lanes of `program`, which has taken over from `before`, what is theirs, and sends them out. These are
    /// its lanes; those of `before` are still with it.
    pub fn succeed(&mut self, program: &mut Program, before: &Program) {
        let likes = program.succession.as_ref().map_or(&[][..], |succession| &succession.likes.streams);
        for (own, like) in self.answers.iter_mut().zip(likes) {
            let like = like.and_then(|like| Some((program.lanes.answers.get(like)?.as_ref()?, like)));
            if let (Some((own, _)), Some(((answers, _), stream))) = (own, like) {
                own.succeed(answers, before.streams[stream].end());
            }
        }
        for (at, step) in program.steps.iter().enumerate().take(self.told.len()) {
            self.name(at, step.key);
        }
        for lane in &mut self.lanes {
            let Some(part) = &mut lane.part else { continue };
            for (step, &whole) in part.program.steps.iter_mut().zip(&lane.members) {
                let own = &mut program.steps[whole];
                if own.is_away() {
                    own.stands_for(step); // it is new
                } else {
                    own.change_places(step);
                    own.node = Node::Away;
                }
            }
            for &(stream, whole) in &lane.inner_streams {
                part.program.streams[stream].copy(&program.streams[whole], 0);
            }
            lane.lend();
        }
    }
}
