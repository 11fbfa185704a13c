//! Tests of graphs: sound in, verdicts out.
//!
//! ```text
//! suite    files with tests, read
//! case     one run of a test: of a folder of files, one each
//! sound    whole recordings in memory
//! play     a case through its graph
//! device   the same on a simulated device
//! judge    what is expected against what came: run, sound, golden, quality, opinion, events
//! verdict  what came of a case
//! bless    goldens made anew
//! report   verdicts as text, JUnit XML, JSON, and a page with pictures and players
//! ```
mod bless;
mod case;
mod device;
mod judge;
mod play;
mod report;
mod sound;
mod suite;
mod verdict;

pub use bless::{Blessed, bless};
pub use case::{Case, REPORT};
pub use device::check_devices;
pub use play::{Interrupted, Trial, run};
pub use report::{Papers, summary, table};
pub use sound::Sound;
pub use suite::{Suite, find};
pub use verdict::{Checked, Exhibit, Golden, Heard, Status, Verdict};
