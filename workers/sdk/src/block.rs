//! The frames of one call of `process`.
use aw_abi::{self as abi, Event};
use core::marker::PhantomData;

/// Width and channels of a connected port, as agreed in `prepare`; whether it carries events, as declared.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) width: u32,
    pub(crate) channels: u32,
    pub(crate) events: bool,
}

/// One call of `process`. Ports are numbered as connected: in the order of `SPEC.ports`, unconnected ones left out.
pub struct Block<'a> {
    /// What arrives.
    pub inputs: Inputs<'a>,
    /// What leaves.
    pub outputs: Outputs<'a>,
    time: u64,
    position: i64,
    end: Option<u64>,
}

/// The input frames of one call.
pub struct Inputs<'a> {
    buffers: &'a [abi::Buffer],
    shapes: &'a [Shape],
}

/// The output frames of one call.
pub struct Outputs<'a> {
    buffers: *mut abi::Buffer,
    shapes: &'a [Shape],
    /// One bit for every port whose events were said.
    said: u64,
    lent: PhantomData<&'a mut abi::Buffer>,
}

impl<'a> Block<'a> {
    /// # Safety
    /// `raw` is a block as [`abi::Block`] describes it, alive for `'a`, whose buffers hold `frames` frames of the
    /// shapes given; there are at least as many buffers as shapes.
    pub(crate) unsafe fn new(raw: *const abi::Block, inputs: &'a [Shape], outputs: &'a [Shape]) -> Self {
        // A host of version 1.0 says neither, and its block ends before them: no reference to a whole one is made.
        // SAFETY: the caller's promise; fields behind `size` are not read.
        let (size, time, from, to) = unsafe { ((*raw).size, (*raw).time, (*raw).inputs, (*raw).outputs) };
        let since_1_1 = size as usize >= core::mem::offset_of!(abi::Block, end) + size_of::<u64>();
        let (position, end) = match since_1_1 {
            // SAFETY: as above; `size` says that they are there.
            true => unsafe { ((*raw).position, (*raw).end) },
            false => (time as i64, abi::NO_END),
        };
        let buffers = match inputs.len() {
            0 => &[],
            // SAFETY: the caller's promise.
            n => unsafe { core::slice::from_raw_parts(from, n) },
        };
        Self {
            inputs: Inputs { buffers, shapes: inputs },
            outputs: Outputs { buffers: to, shapes: outputs, said: 0, lent: PhantomData },
            time,
            position,
            end: (end != abi::NO_END).then_some(end),
        }
    }

    /// The moment of the graph's input that the first frame stands for, in samples at the graph's rate.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// Number of the first frame of the first input, counted from the one that stands for the moment 0. Frames before
    /// are negative: they come out of nodes with latency before the sound does.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// How many frames the first input has in all: those behind are silence that the host plays so that what is on its
    /// way comes out. `None` while no end is in sight.
    pub fn end(&self) -> Option<u64> {
        self.end
    }
}

impl Inputs<'_> {
    /// Number of connected inputs.
    #[inline]
    pub fn len(&self) -> usize {
        self.shapes.len()
    }
    /// Whether nothing is connected.
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }
    /// Planes of a port.
    #[inline]
    pub fn channels(&self, port: usize) -> usize {
        self.shapes[port].channels as usize
    }
    /// Frames that arrive at a port.
    #[inline]
    pub fn frames(&self, port: usize) -> usize {
        self.buffers[port].frames as usize
    }
    /// One plane of a port: its frames one after the other, `format.width()` floats each.
    #[inline]
    pub fn plane(&self, port: usize, channel: usize) -> &[f32] {
        let (buffer, shape) = (&self.buffers[port], self.shapes[port]);
        assert!(channel < shape.channels as usize, "input {port} has {} channels", shape.channels);
        let len = buffer.frames as usize * shape.width as usize;
        // SAFETY: plane `channel` holds that many floats, and no output overlaps it (`abi::Buffer`).
        unsafe { core::slice::from_raw_parts(buffer.data.cast::<f32>().add(channel * buffer.stride as usize), len) }
    }
}

impl Outputs<'_> {
    #[inline]
    fn buffer(&self, port: usize) -> (abi::Buffer, Shape) {
        let shape = self.shapes[port]; // checks the number
        // SAFETY: there is a buffer for every shape, and none is borrowed: `plane` copies it.
        (unsafe { *self.buffers.add(port) }, shape)
    }
    /// Number of connected outputs.
    #[inline]
    pub fn len(&self) -> usize {
        self.shapes.len()
    }
    /// Whether nothing is connected.
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }
    /// Planes of a port.
    #[inline]
    pub fn channels(&self, port: usize) -> usize {
        self.shapes[port].channels as usize
    }
    /// Frames to write to a port.
    #[inline]
    pub fn frames(&self, port: usize) -> usize {
        self.buffer(port).0.frames as usize
    }
    /// One plane of a port, to be written in full.
    #[inline]
    pub fn plane(&mut self, port: usize, channel: usize) -> &mut [f32] {
        self.planes([(port, channel)]).into_iter().next().unwrap_or_default()
    }
    /// Several planes at once. Panics if one is named twice.
    #[inline]
    pub fn planes<const N: usize>(&mut self, which: [(usize, usize); N]) -> [&mut [f32]; N] {
        for (i, one) in which.iter().enumerate() {
            assert!(!which[..i].contains(one), "a plane is asked for twice");
        }
        which.map(|(port, channel)| {
            let (buffer, shape) = self.buffer(port);
            assert!(!shape.events, "output {port} carries events, not frames");
            assert!(channel < shape.channels as usize, "output {port} has {} channels", shape.channels);
            let len = buffer.frames as usize * shape.width as usize;
            // SAFETY: plane `channel` holds that many floats; outputs overlap nothing (`abi::Buffer`), the planes asked
            // for differ, and `self` is borrowed mutably as long as they are.
            unsafe {
                core::slice::from_raw_parts_mut(buffer.data.cast::<f32>().add(channel * buffer.stride as usize), len)
            }
        })
    }
    /// Writes the events of an EVENTS port and says how many found room.
    pub fn events(&mut self, port: usize, events: &[Event]) -> usize {
        let (buffer, shape) = self.buffer(port);
        assert!(shape.events, "output {port} carries frames, not events");
        let count = events.len().min(buffer.frames as usize);
        // SAFETY: an EVENTS buffer has room for `frames` events and overlaps nothing; `frames` of it is ours to write.
        unsafe {
            core::ptr::copy_nonoverlapping(events.as_ptr(), buffer.data.cast::<Event>(), count);
            (*self.buffers.add(port)).frames = count as u32;
        }
        self.said |= 1 << port;
        count
    }
    /// Ends a call: a worker that said nothing has no events. Without this the host would take the room for a number.
    pub(crate) fn finish(&mut self) {
        for port in (0..self.shapes.len()).filter(|&port| self.shapes[port].events && self.said & (1 << port) == 0) {
            // SAFETY: there is a buffer for every shape, and its `frames` are ours to write.
            unsafe { (*self.buffers.add(port)).frames = 0 }
        }
    }
}
