//! A stream of samples cut into overlapping frames.
use crate::sliding::Sliding;
use aw_sdk::*;

/// `size` of a worker that cuts frames.
pub const SIZE: Param = Param::int(c"size", 512).required().unit(c"samples");
/// `hop` of a worker that cuts frames.
pub const HOP: Param = Param::int(c"hop", 128)
    .range(1.0, 1048576.0)
    .required()
    .unit(c"samples")
    .doc(c"From the start of a frame to the start of the next; at most `size`");

/// Reads `size` and `hop`.
pub fn read(values: &Values) -> Result<(usize, usize)> {
    let (size, hop) = (values.size("size"), values.size("hop"));
    if hop == 0 || hop > size {
        return Err(format!(
            "`hop` is {hop} and `size` {size}: samples between two frames would be lost; `hop` goes from 1 to {size}"
        )
        .into());
    }
    Ok((size, hop))
}

/// Agrees that hops of `in` become frames of `kind` with `width` cells at `out`.
pub fn prepare(setup: &mut Setup, size: usize, hop: usize, kind: Kind, width: usize) -> Result<Sliding> {
    let audio = setup.input("in")?;
    let frames = audio.carrying(kind, width as u32).paced(1, hop as u32);
    let frames = frames.ok_or_else(|| format!("`hop` {hop} is too long for the rate of `in`"))?;
    setup.output("out", frames);
    setup.moves("in", hop);
    setup.moves("out", 1);
    // The last sample of a hop is in the frame that ends with it and in this many more.
    setup.tail("out", ((size - 1) / hop) as u32);
    Ok(Sliding::new(size, hop, audio.channels as usize))
}

/// Takes a hop of new samples and lends the frame that ends with them.
pub fn push<'a>(sliding: &'a mut Sliding, channel: usize, new: &[f32]) -> &'a [f32] {
    let frame = sliding.advance(channel);
    let old = frame.len() - new.len();
    frame[old..].copy_from_slice(new);
    frame
}
