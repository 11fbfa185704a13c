//! `split`: channels to outputs of their own.
use aw_sdk::*;

/// Gives single channels names: `out = { left = 0, right = 1 }` makes the ports `left` and `right`.
pub struct Split {
    /// Port name and channel, in the order of the graph file.
    names: Vec<(String, u32)>,
    /// The channel of each connected output.
    picked: Vec<usize>,
}

impl Worker for Split {
    const SPEC: Spec = Spec {
        id: c"split",
        summary: c"Gives single channels outputs of their own",
        ports: &[
            Port::input(c"in", Kind::AUDIO).doc(c"Audio, any number of channels"),
            Port::output(c"out", Kind::AUDIO).many().doc(c"One channel, under the name that `out` gives it"),
        ],
        params: &[Param::table(c"out")
            .names_outputs()
            .required()
            .doc(c"Name of an output = channel it carries, counted from 0: { left = 0, right = 1 }")],
        ..Spec::NEW
    };

    fn create(values: &Values) -> Result<Self> {
        let name = |(port, text): &(String, String)| match text.parse() {
            Ok(channel) => Ok((port.clone(), channel)),
            Err(_) => Err(Error(format!("`{port} = {text}` in `out` is no channel: write a number, 0 for the first"))),
        };
        Ok(Self { names: values.table("out").iter().map(name).collect::<Result<_>>()?, picked: vec![] })
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        let audio = setup.input("in")?;
        if let Some((port, channel)) = self.names.iter().find(|(_, channel)| *channel >= audio.channels) {
            let (have, last) = (audio.channels, audio.channels - 1);
            let said = format!("`{port}` picks channel {channel}, but `in` has {have}: the last is number {last}");
            return Err(said.into());
        }
        let connected: Vec<String> = setup.outputs().map(String::from).collect();
        self.picked.clear();
        for (port, channel) in connected.iter().filter_map(|port| self.names.iter().find(|(name, _)| name == port)) {
            setup.output(port, Format { channels: 1, ..audio });
            self.picked.push(*channel as usize);
        }
        Ok(())
    }

    fn process(&mut self, block: &mut Block) {
        for (output, channel) in self.picked.iter().enumerate() {
            block.outputs.plane(output, 0).copy_from_slice(block.inputs.plane(0, *channel));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{noise, same_in_any_pieces};

    fn rig(table: &[(&str, &str)], outputs: &[&str]) -> Result<Rig> {
        Rig::new::<Split>(&[("out", table.into())], &[("in", Format::audio(2, 16000))], outputs)
    }

    #[test]
    fn left_and_right_go_their_own_ways() {
        let make = || rig(&[("right", "1"), ("left", "0")], &["right", "left"]).unwrap();
        assert_eq!(make().output(0).format, Format::audio(1, 16000));
        let (left, right) = (noise(1, 1500), noise(2, 1500));
        let out = same_in_any_pieces(make, &vec![vec![left.clone(), right.clone()]]);
        assert_eq!(out, [[right], [left]]);
    }

    #[test]
    fn what_is_no_channel_is_refused_by_name() {
        let said = rig(&[("left", "0"), ("third", "2")], &["left"]).err().unwrap().0;
        assert!(said.contains("`third` picks channel 2") && said.contains("number 1"), "{said}");
        let said = rig(&[("left", "first")], &["left"]).err().unwrap().0;
        assert!(said.contains("`left = first`"), "{said}");
    }
}
