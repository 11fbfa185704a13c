//! A stream of samples cut into overlapping frames.
use aw_sdk::*;

/// `size` of a worker that cuts frames.
pub const SIZE: Param = Param::int(c"size", 512).required().unit(c"samples");
/// `hop` of a worker that cuts frames.
pub const HOP: Param = Param::int(c"hop", 128)
    .range(1.0, 1048576.0)
    .required()
    .unit(c"samples")
    .doc(c"From the start of a frame to the start of the next; at most `size`");

/// The newest `size` samples of each channel, moved on by `hop`; zeros before the start.
pub struct Sliding {
    size: usize,
    hop: usize,
    planes: Vec<Vec<f32>>,
}

impl Sliding {
    /// Reads `size` and `hop`.
    pub fn new(values: &Values) -> Result<Self> {
        let (size, hop) = (values.size("size"), values.size("hop"));
        if hop == 0 || hop > size {
            return Err(format!(
                "`hop` is {hop} and `size` {size}: the samples between two frames would be lost; `hop` goes from 1 to {size}"
            )
            .into());
        }
        Ok(Self { size, hop, planes: vec![] })
    }

    /// Samples in a frame.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Agrees that hops of `in` become frames of `kind` with `width` cells at `out`.
    pub fn prepare(&mut self, setup: &mut Setup, kind: Kind, width: usize) -> Result {
        let audio = setup.input("in")?;
        let frames = audio.carrying(kind, width as u32).paced(1, self.hop as u32);
        let frames = frames.ok_or_else(|| format!("`hop` {} is too long for the rate of `in`", self.hop))?;
        setup.output("out", frames);
        setup.moves("in", self.hop);
        setup.moves("out", 1);
        // The last sample of a hop is in the frame that ends with it and in this many more.
        setup.tail("out", ((self.size - 1) / self.hop) as u32);
        self.planes = vec![vec![0.0; self.size]; audio.channels as usize];
        Ok(())
    }

    /// Takes a hop of new samples and lends the frame that ends with them.
    pub fn push(&mut self, channel: usize, new: &[f32]) -> &[f32] {
        let plane = &mut self.planes[channel];
        plane.copy_within(self.hop.., 0);
        plane[self.size - self.hop..].copy_from_slice(new);
        plane
    }

    /// Forgets all samples.
    pub fn reset(&mut self) {
        for plane in &mut self.planes {
            plane.fill(0.0);
        }
    }

    /// Appends all samples.
    pub fn save(&self, out: &mut Vec<u8>) {
        save(&self.planes, out);
    }

    /// Continues with the samples of [`Self::save`].
    pub fn load(&mut self, data: &[u8]) -> Result {
        load(&mut self.planes, data)
    }
}

/// Appends the samples of `planes`, little-endian.
pub fn save(planes: &[Vec<f32>], out: &mut Vec<u8>) {
    out.extend(planes.iter().flatten().flat_map(|sample| sample.to_le_bytes()));
}

/// Fills `planes` with what [`save`] wrote.
pub fn load(planes: &mut [Vec<f32>], data: &[u8]) -> Result {
    let room = planes.iter().map(Vec::len).sum::<usize>() * size_of::<f32>();
    if data.len() != room {
        return Err(format!(
            "what was saved has {} bytes, not {room}: it is of another size or channel count",
            data.len()
        )
        .into());
    }
    let (saved, _) = data.as_chunks::<4>();
    for (sample, bytes) in planes.iter_mut().flatten().zip(saved) {
        *sample = f32::from_le_bytes(*bytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reloaded_worker_continues_where_the_old_one_was() {
        let planes = vec![vec![0.5, -1.25, 3e-9], vec![7.0, f32::MIN_POSITIVE, -0.0]];
        let (mut bytes, mut copy) = (vec![], vec![vec![9.0; 3]; 2]);
        save(&planes, &mut bytes);
        load(&mut copy, &bytes).unwrap();
        assert_eq!(copy, planes);
        let refusal = load(&mut copy[..1], &bytes).unwrap_err();
        assert!(refusal.0.contains("24 bytes, not 12"), "{refusal}");
    }
}
