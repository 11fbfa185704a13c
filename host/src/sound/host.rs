//! Sound systems.
use super::card::{Card, Direction, gather};
use super::error::SoundError;
use super::patience::{PATIENCE, patiently};
use super::simulated::Simulated;
use crate::graph::nearest;
use std::fmt;
use std::str::FromStr;

/// A sound system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostName {
    /// JACK, or PipeWire in its place, whose ports must be connected by hand unless it has `jack.default-as-system`.
    Jack,
    /// PulseAudio, or PipeWire in its place.
    Pulse,
    /// The sound of the Linux kernel, and what plugs into it.
    Alsa,
    /// The sound of macOS.
    CoreAudio,
    /// The sound of Windows.
    Wasapi,
    /// No hardware: files and a script.
    Simulated,
}

impl HostName {
    /// Those of this system, the one to be preferred first.
    pub const HERE: &[HostName] = if cfg!(target_os = "linux") {
        &[HostName::Pulse, HostName::Jack, HostName::Alsa]
    } else if cfg!(target_vendor = "apple") {
        &[HostName::CoreAudio]
    } else if cfg!(windows) {
        &[HostName::Wasapi]
    } else {
        &[]
    };

    /// As users write it.
    pub fn as_str(self) -> &'static str {
        match self {
            HostName::Jack => "jack",
            HostName::Pulse => "pulse",
            HostName::Alsa => "alsa",
            HostName::CoreAudio => "coreaudio",
            HostName::Wasapi => "wasapi",
            HostName::Simulated => "simulated",
        }
    }

    fn words() -> impl Iterator<Item = &'static str> {
        Self::HERE.iter().map(|host| host.as_str()).chain(["simulated"])
    }

    /// cpal's name of it.
    fn backend(self) -> &'static str {
        match self {
            HostName::Pulse => "pulseaudio",
            HostName::Simulated => "custom",
            other => other.as_str(),
        }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            HostName::Jack => "JACK",
            HostName::Pulse => "PulseAudio",
            HostName::Alsa => "ALSA",
            HostName::CoreAudio => "CoreAudio",
            HostName::Wasapi => "WASAPI",
            HostName::Simulated => "the simulated sound system",
        })
    }
}

impl FromStr for HostName {
    type Err = SoundError;

    fn from_str(name: &str) -> Result<Self, SoundError> {
        let lower = name.to_lowercase();
        let known = Self::HERE.iter().copied().chain([HostName::Simulated]);
        let mut named = known.filter(|host| host.as_str() == lower || host.backend() == lower);
        // PipeWire speaks the protocol of PulseAudio.
        let spoken = (lower == "pipewire" && cfg!(target_os = "linux")).then_some(HostName::Pulse);
        named.next().or(spoken).ok_or_else(|| SoundError::UnknownHost {
            name: name.into(),
            near: nearest(&lower, Self::words()).map(Into::into),
            all: Self::words().map(Into::into).collect(),
        })
    }
}

/// A sound system, and whether it can be used here.
#[derive(Clone, Debug, PartialEq)]
pub struct HostState {
    /// Which.
    pub name: HostName,
    /// If not: the reason, and the way out.
    pub here: Result<(), SoundError>,
}

/// The sound systems of this machine, the one to be preferred first.
pub fn hosts() -> Vec<HostState> {
    HostName::HERE.iter().map(|&name| HostState { name, here: Host::open(name).map(drop) }).collect()
}

/// The cards of a sound system, or of the preferred one.
///
/// # Errors
/// It cannot be used here.
pub fn cards(host: Option<HostName>) -> Result<Vec<Card>, SoundError> {
    Host::preferred(host)?.cards()
}

/// A card by its id, its name, or a part of its name that no other has, in any case.
///
/// # Errors
/// There is none, or more than one; the message lists what there is.
pub fn find(name: &str, direction: Direction, host: Option<HostName>) -> Result<Card, SoundError> {
    Host::preferred(host)?.find(name, direction)
}

/// A sound system that can be used.
#[derive(Clone)]
pub struct Host {
    name: HostName,
    simulated: Option<Simulated>,
}

impl Host {
    /// The sound system of a name.
    ///
    /// # Errors
    /// It cannot be used here, or does not answer.
    pub fn open(name: HostName) -> Result<Self, SoundError> {
        let host = Self { name, simulated: None };
        host.ask(move |host| {
            (name != HostName::Jack || has_cards(&host)).then_some(()).ok_or_else(|| no_server(name))
        })?;
        Ok(host)
    }

    /// The one asked for; otherwise the first of [`HostName::HERE`] that can be used.
    ///
    /// # Errors
    /// None can be used here.
    pub fn preferred(asked: Option<HostName>) -> Result<Self, SoundError> {
        if let Some(name) = asked {
            return Self::open(name);
        }
        let mut reasons = vec![];
        for &name in HostName::HERE {
            match Self::open(name) {
                Ok(host) => return Ok(host),
                Err(why) => reasons.push(why.to_string()),
            }
        }
        Err(SoundError::NoHosts { why: reasons.join("; ") })
    }

    /// A simulated one.
    pub fn simulated(world: &Simulated) -> Self {
        Self { name: HostName::Simulated, simulated: Some(world.clone()) }
    }

    /// Which it is.
    pub fn name(&self) -> HostName {
        self.name
    }

    /// Its cards as they are now.
    ///
    /// # Errors
    /// It cannot be used any more, or does not answer.
    pub fn cards(&self) -> Result<Vec<Card>, SoundError> {
        let name = self.name;
        self.ask(move |host| gather(name, &host))
    }

    /// The card that the system prefers.
    ///
    /// # Errors
    /// There is no card of this direction.
    pub fn default(&self, direction: Direction) -> Result<Card, SoundError> {
        let all = self.cards()?.into_iter();
        let mut cards: Vec<Card> = all.filter(|card| card.has(direction) && !card.detour).collect();
        let at = cards.iter().position(|card| card.is_default(direction)).unwrap_or(0);
        let none = SoundError::NoCard { host: self.name, what: direction.as_str() };
        if cards.is_empty() { Err(none) } else { Ok(cards.swap_remove(at)) }
    }

    /// Hands cpal's host to `question`, on a thread that may be left behind: enumerations talk to servers.
    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(cpal::Host) -> Result<T, SoundError> + Send + 'static,
    ) -> Result<T, SoundError> {
        let (name, simulated) = (self.name, self.simulated.clone());
        let connect = move || simulated.map_or_else(|| connect(name), |world| Ok(world.system()));
        let answer = patiently(PATIENCE, move || question(connect()?));
        answer.unwrap_or(Err(SoundError::Hangs { host: name, seconds: PATIENCE.as_secs() }))
    }
}

fn has_cards(host: &cpal::Host) -> bool {
    use cpal::traits::HostTrait;
    host.devices().is_ok_and(|mut devices| devices.next().is_some())
}

fn no_server(host: HostName) -> SoundError {
    SoundError::NoHost { host, why: "no server is running; start one, such as `jackd -d alsa`".into() }
}

fn connect(name: HostName) -> Result<cpal::Host, SoundError> {
    let refused = |why: String| SoundError::NoHost { host: name, why };
    if name == HostName::Simulated {
        return Err(refused("it plays files and scripts: name them with --in and --out".into()));
    }
    library(name).map_err(refused)?;
    let id = cpal::HostId::from_str(name.backend()).map_err(|_| refused("it is not part of this system".into()))?;
    cpal::host_from_id(id).map_err(|why| match name {
        // PipeWire refuses who has no cookie at all, whatever is in it; PulseAudio makes one.
        HostName::Pulse if why.to_string().ends_with("Invalid") => refused(format!(
            "the server refuses ({why}), for want of a cookie perhaps; make one: mkdir -p ~/.config/pulse && head -c 256 /dev/urandom > ~/.config/pulse/cookie"
        )),
        HostName::Pulse => refused(format!("no server is running ({why})")),
        _ => refused(why.to_string()),
    })
}

/// Whether the library that a sound system needs is here. ALSA is told not to write on standard error.
#[cfg(target_os = "linux")]
fn library(name: HostName) -> Result<(), String> {
    let lack = |why: &str, package: &str| format!("its library is not installed ({why}); {package}");
    match name {
        HostName::Alsa => {
            alsa_sys::library().map_err(|why| lack(why, "the package is called libasound2 or alsa-lib"))?;
            alsa_sys::silence();
        }
        HostName::Jack => drop(jack_sys::library().map_err(|why| {
            lack(why, "the package is called libjack-jackd2-0, or pipewire-jack where PipeWire plays its part")
        })?),
        _ => {}
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn library(_: HostName) -> Result<(), String> {
    Ok(())
}
