//! What the counter wrote: calls and their instructions, and from them what calls of a node are.
use crate::plugin::Mark;
use crate::sim::Count;
use crate::sim::overhead::{self, Effort, Writes};
use std::collections::BTreeMap;

/// What the counter wrote of a run.
#[derive(Debug, Default, PartialEq)]
pub struct Tally {
    /// Of each mark, and of each number of frames: instructions and accesses to memory, call by call.
    calls: BTreeMap<(u32, u64), Vec<Call>>,
    /// Bytes of instructions that each mark ran.
    code: BTreeMap<u32, u64>,
    engine: Vec<Block>,
    /// Instructions of the whole program.
    pub total: u64,
}

/// A block of the engine.
#[derive(Debug, Default, PartialEq)]
struct Block {
    /// What it took, all pairs of marks in it aside, but not what those cost it.
    call: Call,
    /// How many pairs lay in it.
    pairs: u64,
    /// How often each step was called, with how many frames.
    of_steps: BTreeMap<(u32, u64), u64>,
}

/// Instructions, and loads and stores.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Call {
    instructions: u64,
    memory: u64,
}

impl Call {
    fn less(self, other: Self, times: u64) -> Self {
        Self {
            instructions: self.instructions.saturating_sub(other.instructions * times),
            memory: self.memory.saturating_sub(other.memory * times),
        }
    }
}

impl Tally {
    /// Reads it.
    ///
    /// # Errors
    /// What is not as the counter writes it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut tally = Self::default();
        let (mut ended, mut block) = (false, Block::default());
        for (at, line) in text.lines().enumerate() {
            let wrong = || format!("line {} is `{line}`", at + 1);
            let mut words = line.split(' ');
            let kind = words.next().unwrap_or_default();
            let numbers: Result<Vec<u64>, _> = words.map(str::parse).collect();
            match (kind, numbers.map_err(|_| wrong())?.as_slice()) {
                _ if ended => return Err(wrong()),
                ("call", &[what, frames, instructions, memory, _all]) => {
                    let what = u32::try_from(what).map_err(|_| wrong())?;
                    let call = Call { instructions, memory };
                    match Mark(what) {
                        Mark::BLOCK => {
                            tally.engine.push(Block { call, ..std::mem::take(&mut block) });
                        }
                        mark => {
                            block.pairs += 1;
                            if mark.is_step() {
                                *block.of_steps.entry((what, frames)).or_default() += 1;
                            }
                            tally.calls.entry((what, frames)).or_default().push(call);
                        }
                    }
                }
                ("code", &[what, bytes]) => {
                    tally.code.insert(u32::try_from(what).map_err(|_| wrong())?, bytes);
                }
                ("end", &[total]) => (tally.total, ended) = (total, true),
                _ => return Err(wrong()),
            }
        }
        // The pairs before the first block are those that measure pairs.
        let measuring =
            [Mark::AROUND, Mark::EMPTY].map(|mark| tally.calls.get(&(mark.0, 0)).map_or(0, Vec::len) as u64);
        if let Some(Block { pairs, .. }) = tally.engine.first_mut() {
            *pairs -= measuring.iter().sum::<u64>().min(*pairs);
        }
        if ended { Ok(tally) } else { Err("it does not end as it should".into()) }
    }

    /// What a pair costs itself, and what it costs the pair around it.
    ///
    /// # Errors
    /// It was not measured.
    fn pair(&self) -> Result<(Call, Call), String> {
        let last = |mark: Mark| self.calls.get(&(mark.0, 0)).and_then(|calls| calls.last()).copied();
        let (Some(empty), Some(around)) = (last(Mark::EMPTY), last(Mark::AROUND)) else {
            return Err("the marks were not measured".into());
        };
        Ok((empty, around.less(empty, 1)))
    }

    /// What calls of a step are, by their frames.
    ///
    /// # Errors
    /// The marks were not measured.
    pub fn of_step(&self, step: usize) -> Result<Vec<(u64, Count)>, String> {
        let (own, _) = self.pair()?;
        let Some(mark) = Mark::of_step(step) else { return Ok(vec![]) };
        let own_code = self.code.get(&Mark::EMPTY.0).copied().unwrap_or(0);
        let code = self.code.get(&mark.0).map(|bytes| bytes.saturating_sub(own_code));
        let of_step = self.calls.range((mark.0, 0)..=(mark.0, u64::MAX));
        let count = |(&(_, frames), calls): (&(u32, u64), &Vec<Call>)| {
            (frames, count(calls.iter().map(|call| call.less(own, 1)).collect(), code))
        };
        Ok(of_step.map(count).collect())
    }

    /// What the engine itself takes for a block: all but the steps.
    ///
    /// # Errors
    /// The marks were not measured.
    pub fn of_engine(&self) -> Result<Option<Count>, String> {
        let (own, around) = self.pair()?;
        let calls = self.engine.iter().map(|block| block.call.less(own, 1).less(around, block.pairs)).collect();
        Ok(Some(count(calls, None)).filter(|count| count.calls > 0))
    }

    /// The same by what there is to do in a block. `writes`: of each step, the floats that it writes.
    ///
    /// # Errors
    /// The marks were not measured.
    pub fn of_efforts(&self, writes: &[Writes]) -> Result<Vec<overhead::Counted>, String> {
        let (own, around) = self.pair()?;
        let mut by_effort: BTreeMap<Effort, Vec<Call>> = BTreeMap::new();
        for Block { call, pairs, of_steps } in &self.engine {
            let mut effort = Effort::block(writes.len());
            for (&(step, frames), &firings) in of_steps {
                let writes = writes.get(step as usize).copied().unwrap_or_default();
                effort += Effort::of(firings, frames, writes);
            }
            by_effort.entry(effort).or_default().push(call.less(own, 1).less(around, *pairs));
        }
        let of_effort = |(Effort { steps, firings, floats, .. }, calls)| {
            let Count { calls: blocks, instructions_mean: mean, max, .. } = count(calls, None);
            overhead::Counted { blocks, steps, firings, floats, mean, max }
        };
        Ok(by_effort.into_iter().map(of_effort).collect())
    }
}

fn count(mut calls: Vec<Call>, code: Option<u64>) -> Count {
    calls.sort_by_key(|call| call.instructions);
    let (n, at) = (calls.len(), |share: f64| (share * calls.len() as f64).ceil() as usize);
    let instructions = |at: usize| calls.get(at.saturating_sub(1)).map_or(0.0, |call| call.instructions as f64);
    let mean = |of: fn(&Call) -> u64| calls.iter().map(of).sum::<u64>() as f64 / n.max(1) as f64;
    Count {
        calls: n as u64,
        min: instructions(1),
        instructions_mean: mean(|call| call.instructions),
        p99: instructions(at(0.99)),
        max: instructions(n),
        memory: mean(|call| call.memory),
        code,
        interpolated: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two blocks, in which step 0 is called once and twice; a pair costs 20 itself and 30 around it.
    const RUN: &str = "call 1023 0 20 6 20\ncall 1022 0 50 10 70\n\
        call 1020 0 900 1 900\ncall 0 128 120 36 120\ncall 1021 0 1080 30 2100\n\
        call 1020 0 900 1 900\ncall 0 128 220 46 220\ncall 0 64 70 16 70\ncall 1021 0 1110 40 2300\n\
        code 0 400\ncode 1023 100\nend 12345\n";

    #[test]
    fn the_marks_are_taken_off_and_calls_are_gathered_by_their_frames() {
        let tally = Tally::parse(RUN).unwrap();
        assert_eq!(tally.total, 12345);
        let of_step = tally.of_step(0).unwrap();
        let plain: Vec<_> =
            of_step.iter().map(|(n, c)| (*n, c.calls, c.instructions_mean, c.max, c.memory, c.code)).collect();
        assert_eq!(plain, [(64, 1, 50.0, 50.0, 10.0, Some(300)), (128, 2, 150.0, 200.0, 35.0, Some(300))]);
        assert_eq!(tally.of_step(1).unwrap(), []);
        // 1080 - 20 - 2 × 30, and 1110 - 20 - 3 × 30.
        let engine = tally.of_engine().unwrap().unwrap();
        assert_eq!((engine.calls, engine.instructions_mean, engine.max), (2, 1000.0, 1000.0));
        let one = |firings| overhead::Counted { blocks: 1, steps: 0, firings, floats: 0, mean: 1000.0, max: 1000.0 };
        assert_eq!(tally.of_efforts(&[]).unwrap(), [one(1), one(2)]);
    }

    #[test]
    fn the_99th_of_100_calls_is_the_last_but_one() {
        let calls = (1..=100).map(|n| Call { instructions: n, memory: 0 }).collect();
        let count = count(calls, None);
        assert_eq!((count.p99, count.max, count.instructions_mean), (99.0, 100.0, 50.5));
    }

    #[test]
    fn an_account_that_is_not_whole_is_refused() {
        assert_eq!(Tally::parse("call 0 1 2 3 4\n").unwrap_err(), "it does not end as it should");
        assert_eq!(Tally::parse("call 0 1 2\nend 3\n").unwrap_err(), "line 1 is `call 0 1 2`");
        assert_eq!(Tally::parse("end 3\nend 3\n").unwrap_err(), "line 2 is `end 3`");
        assert_eq!(Tally::parse("call 0 1 -2 3 4\nend 3\n").unwrap_err(), "line 1 is `call 0 1 -2 3 4`");
        let unmeasured = Tally::parse("end 3\n").unwrap();
        assert_eq!(unmeasured.of_step(0).unwrap_err(), "the marks were not measured");
    }
}
