//! Control from outside: JSON lines on a Unix socket or a port, and Open Sound Control, on one thread.
//!
//! ```text
//! → {"id":1,"do":"set","node":"gain","param":"gain_db","value":-6,"ramp_ms":50}
//! ← {"id":1,"ok":true}
//! → {"id":2,"do":"get","node":"gain","param":"gain_bd"}
//! ← {"id":2,"ok":false,"error":"`gain` has no live parameter `gain_bd`; did you mean `gain_db`?"}
//! → {"do":"events"}
//! ← {"id":null,"ok":true}
//! ← {"event":"event","time":1.5,"output":"claps","label":"clap","value":0.9}
//! ```
//!
//! `{"do":"meters","hz":10}` brings levels, and `{"do":"params","follow":true}` parameters that change, whoever moves them.
//! Every request gets one answer, in the order in which they are done; lines with `event` come between. A level of −∞ dB
//! is `null`. A client that has closed its side is answered what it asked, and then let go.
//!
//! The thread talks to the session through two queues, both bounded, and never makes it wait.
mod answer; //   what the session says to an act
mod client; //   one connection of JSON lines
mod news; //     what is new in a scene
mod osc; //      Open Sound Control
mod places; //   sockets: where they are, who may reach them
mod request; //  a line → what is asked
mod tell; //     scene → lines
mod thread; //   all sockets in turn

pub use answer::{Answer, Asked};
pub use places::{Control, RemoteError};

use super::scene::Scene;
use answer::{Done, Shared};
use news::Seen;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;

/// Where to listen.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Sockets for JSON lines.
    pub control: Vec<Control>,
    /// The UDP port for Open Sound Control; 0 is any that is free.
    pub osc: Option<u16>,
    /// Ports are opened at this address instead of 127.0.0.1, which other machines cannot reach.
    pub listen: Option<IpAddr>,
}

/// Control from outside; ends when it is dropped.
pub struct Remote {
    shared: Arc<Shared>,
    asked: Option<Receiver<Asked>>,
    notes: Receiver<String>,
    seen: Seen,
    thread: Option<JoinHandle<()>>,
    places: Vec<String>,
    tcp: Option<SocketAddr>,
    osc: Option<SocketAddr>,
}

impl Remote {
    /// Opens the sockets and starts the thread that serves them.
    ///
    /// # Errors
    /// [`RemoteError`] names the socket that cannot be had, and the way out.
    pub fn start(options: &Options) -> Result<Self, RemoteError> {
        thread::start(options)
    }

    /// What was asked since the last call, in order. Each must be answered; one that is dropped is answered by an error.
    pub fn acts(&mut self) -> Vec<Asked> {
        self.asked.iter().flat_map(Receiver::try_iter).collect()
    }

    /// Shows the scene to those who ask, and what is new in it to those who wait for that: what is between two calls is
    /// told if the second scene still holds it.
    pub fn publish(&mut self, scene: &Scene) {
        let mut news = self.seen.news(scene);
        for one in &mut news {
            if let (news::News::Xrun(gap), true) = (one, scene.hearing.blind.is_some()) {
                *gap = gap.blindfolded();
            }
        }
        self.shared.publish(&scene.blindfolded(), news);
    }

    /// What the user should know that has come up since the last call: who was cut off and why, and who can reach this.
    pub fn notes(&mut self) -> Vec<String> {
        self.notes.try_iter().collect()
    }

    /// Where it listens, for people.
    pub fn places(&self) -> &[String] {
        &self.places
    }

    /// The address for JSON lines over TCP, if one was asked for.
    pub fn tcp(&self) -> Option<SocketAddr> {
        self.tcp
    }

    /// The address for Open Sound Control, if that was asked for.
    pub fn osc(&self) -> Option<SocketAddr> {
        self.osc
    }
}

impl Drop for Remote {
    /// What was asked and not answered is answered now; nobody waits for a client that does not read.
    fn drop(&mut self) {
        drop(self.asked.take());
        self.shared.push(Done::End);
        if let Some(thread) = self.thread.take() {
            drop(thread.join()); // a panic has been told by its hook
        }
    }
}

#[cfg(test)]
mod tests;
