//! Kernels that run over the axes behind batch and channels.
use super::super::net::{Extents, Node};

/// Settings of each axis that a kernel runs over: stride, dilation, padding in front and behind.
struct Sliding(u64, u64, u64, u64);

fn sliding(node: &Node, axis: usize, axes: usize) -> Sliding {
    let of = |name: &str, at: usize| node.ints(name).and_then(|list| list.get(at)).and_then(|n| u64::try_from(*n).ok());
    let (stride, dilation) = (of("strides", axis).unwrap_or(1).max(1), of("dilations", axis).unwrap_or(1));
    Sliding(stride, dilation, of("pads", axis).unwrap_or(0), of("pads", axis + axes).unwrap_or(0))
}

/// How often kernels fit into the axes behind batch and channels.
pub fn windows(dims: &[Option<u64>], kernel: &[u64], node: &Node) -> Option<Extents> {
    let axes = dims.len().checked_sub(2).filter(|axes| *axes == kernel.len())?;
    let one = |axis: usize| {
        let (n, Sliding(stride, dilation, front, back)) = (dims[axis + 2]?, sliding(node, axis, axes));
        if matches!(node.text("auto_pad"), Some("SAME_UPPER" | "SAME_LOWER")) {
            return Some(n.div_ceil(stride));
        }
        let reach = kernel[axis].checked_sub(1)?.checked_mul(dilation)?.checked_add(1)?;
        let room = n.checked_add(front)?.checked_add(back)?.checked_sub(reach)?;
        let up = node.int("ceil_mode").is_some_and(|n| n != 0);
        Some(if up { room.div_ceil(stride) } else { room / stride } + 1)
    };
    Some((0..axes).map(one).collect())
}

/// The output of a convolution: a value for every window and every kernel.
pub fn convolved(dims: &Extents, weights: &[u64], node: &Node) -> Option<Extents> {
    let windows = windows(dims, weights.get(2..)?, node)?;
    Some([&[dims[0], Some(weights[0])][..], &windows].concat())
}

/// The other way round: each value spreads over a kernel.
pub fn widened(dims: &Extents, weights: &[u64], node: &Node) -> Option<Extents> {
    let kernel = weights.get(2..)?;
    let axes = dims.len().checked_sub(2).filter(|axes| *axes == kernel.len())?;
    let groups = node.int("group").and_then(|n| u64::try_from(n).ok()).unwrap_or(1);
    let number =
        |name: &str, at: usize| node.ints(name).and_then(|list| list.get(at)).and_then(|n| u64::try_from(*n).ok());
    let one = |axis: usize| {
        let Sliding(stride, dilation, front, back) = sliding(node, axis, axes);
        if let Some(n) = number("output_shape", axis) {
            return Some(n);
        }
        let n = dims[axis + 2]?;
        if matches!(node.text("auto_pad"), Some("SAME_UPPER" | "SAME_LOWER")) {
            return n.checked_mul(stride);
        }
        let reach = kernel[axis].checked_sub(1)?.checked_mul(dilation)?.checked_add(1)?;
        let room = n.checked_sub(1)?.checked_mul(stride)?.checked_add(reach)?;
        room.checked_add(number("output_padding", axis).unwrap_or(0))?.checked_sub(front.checked_add(back)?)
    };
    Some([dims[0], weights[1].checked_mul(groups)].into_iter().chain((0..axes).map(one)).collect())
}
