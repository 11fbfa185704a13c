//! Instructions of a node on the instruction set of a device.
