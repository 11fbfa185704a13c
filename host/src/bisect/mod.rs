//! Where two versions of a graph part: the first node, port, frame and value that are not the same.
//!
//! Both versions play the same files. Ports are compared in the order in which they are computed, so the inputs of the
//! first node that differs are the same: the change is in that node.
mod change; //  how the two graphs are written
mod compare; // one port
mod play; //    the ports of a version
mod search; //  the first one that differs

pub use change::Change;
pub use compare::{Parting, Value};
pub use play::{Side, Version};
pub use search::{BisectError, Found, Verdict, bisect};
