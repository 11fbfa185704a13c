//! The sound system and the cards of a call: `--host`, `--in`, `--out`.
use super::error::SoundError;
use super::host::{Host, HostName};
use super::simulated::{Script, Simulated};
use std::path::Path;

/// What a call means.
#[derive(Clone)]
pub struct Asked {
    /// The sound system.
    pub host: Host,
    /// The simulated one, if it is that: whoever called asks it whether its files have ended, and finishes them.
    pub simulated: Option<Simulated>,
    /// The name of the input to find; the system's own if there is none.
    pub input: Option<String>,
    /// The name of the output.
    pub output: Option<String>,
}

/// What `--host`, `--in` and `--out` mean. Those of the simulated sound system are files: sound, or a script.
///
/// # Errors
/// The sound system cannot be used, or a file not be read.
pub fn asked(host: Option<HostName>, input: Option<&str>, output: Option<&str>) -> Result<Asked, SoundError> {
    if host != Some(HostName::Simulated) {
        let (input, output) = (input.map(Into::into), output.map(Into::into));
        return Ok(Asked { host: Host::preferred(host)?, simulated: None, input, output });
    }
    if input.is_none() && output.is_none() {
        return Host::open(HostName::Simulated).map(|host| Asked { host, simulated: None, input: None, output: None });
    }
    let world = Simulated::new(&Script::given(input.map(Path::new), output.map(Path::new))?)?;
    Ok(Asked { host: Host::simulated(&world), simulated: Some(world), input: None, output: None })
}
