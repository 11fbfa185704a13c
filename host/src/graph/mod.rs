//! Text → [`Plan`]: what a graph file means, or everything that is wrong with it. Pure: no device, no thread, no clock.
//!
//! Every output port is one stream of frames. A node *fires* when every input holds the frames that it agreed to take.
//! These numbers are fixed, so this is synchronous dataflow (E. A. Lee, D. G. Messerschmitt, "Static Scheduling of
//! Synchronous Data Flow Programs for Digital Signal Processing", IEEE Trans. Computers C-36, 1987): all timing is known
//! before a sample is played. Latency compensation, delays, feedback, lanes and priming are one thing: zero frames that
//! wait at an edge at the start.
mod align; //    latency compensation
mod codes; //    sorts of mistakes
mod compile; //  the passes in a row                                ← second page to read
mod diag; //     how mistakes are said
mod file; //     the tables of a graph file
mod formats; //  prepare() along the order
mod installed; // models by name
mod item; //     TOML with places
mod late; //     what is heard instead of a late answer
mod live_values; // values of live parameters in a text
mod named; //    files that a graph names
mod net; //      nodes and edges
mod order; //    who goes before whom
mod params; //   keys of a node → values of its worker
mod picture; //  a plan as text, JSON and Mermaid
mod plan; //     what is rendered
mod preset; //   values of parameters under one name
mod rates; //    the dry run of counters
mod resolve; //  names → nodes and edges
mod schema; //   a JSON Schema for editors
mod splice; //   from one plan to another while it plays
mod syntax; //   text → TOML, past syntax errors
mod table; //    reads a TOML table key by key
mod time; //     exact time across rates
mod vary; //     a graph file with other values in it
mod verify; //   an independent check of a plan

pub use codes::Code;
pub use compile::{Compiled, Device, Listener, Port, check, compile};
pub use diag::{Diag, Diags, Mark, nearest};
pub(crate) use file::read_fault;
pub use file::{
    ExpectTable, Fault, FaultKind, GraphFile, Home, Late, Limit, MEASURES, Measure, NodeTable, Of, OpinionTable, Play,
    SETTINGS, Score, Side, TestFile, TestTable, Turn, check_tests, text_of,
};
pub use installed::path as installed_path;
pub(crate) use item::{Entry, Item};
pub use item::{Span, Spanned};
pub use live_values::{LiveNodes, LiveValue, live_nodes, read_live, write_live};
pub use net::kind_name;
pub use params::from_text as param_from_text;
pub use picture::{mermaid, table as plan_text, to_json as plan_json};
pub use plan::{
    Cause, Edge, Fade, Lane, Output, OutputKind, Pace, Plan, Source, Step, StepOutput, Stream, Tokens, readable,
};
pub use preset::values as preset_values;
pub use rates::{Paper, Work};
pub use schema::schema;
pub use splice::{Likes, Origin, Splice, splice, survivors};
pub(crate) use syntax::parse as parse_toml;
pub(crate) use table::Table;
pub use time::Time;
pub use vary::{text_to_toml, to_toml};
pub use verify::{Flaw, verify};
