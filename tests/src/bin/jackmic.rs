//! A musician for tests: one JACK client that plays a WAV file into ports of others and records ports of others, in the
//! same cycles.
//!
//! ```text
//! jackmic --ready
//! jackmic --play FILE --record FILE --into PREFIX --from PREFIX [--tail FRAMES] [--freewheel]
//! ```
#![allow(clippy::unwrap_used)] // what fails ends the test

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("jackmic is made for Linux");
    std::process::exit(2);
}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use aw_host::io::{AudioReader, AudioWriter, Encoding};
    use jack::{AudioIn, AudioOut, Client, ClientOptions, Control, Frames, Port, PortFlags, ProcessScope};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    /// How long a server or a port is waited for.
    const PATIENCE: Duration = Duration::from_secs(20);

    pub fn main() {
        let client = patiently("the server", || Client::new("jackmic", ClientOptions::NO_START_SERVER).ok()).0;
        if flag("--ready") {
            return;
        }
        let tape = read(&option("--play").unwrap());
        let tail: usize = option("--tail").map_or(0, |frames| frames.parse().unwrap());
        let channels = tape.len();
        let total = tape[0].len() + tail;
        let port = |kind: &str, n: usize| format!("{kind}_{n}");
        let outs = (0..channels).map(|n| client.register_port(&port("mic", n), AudioOut::default()).unwrap()).collect();
        let ins = (0..channels).map(|n| client.register_port(&port("rec", n), AudioIn::default()).unwrap()).collect();
        let (rate, own) = (client.sample_rate(), client.name().to_string());
        let (done, wait) = mpsc::channel();
        let recorded = vec![vec![0.0; total]; channels];
        let go = Arc::new(AtomicBool::new(false));
        let musician = Musician { tape, recorded, outs, ins, at: 0, go: go.clone(), done };
        let gaps = Gaps(Arc::default());
        let xruns = gaps.0.clone();
        let active = client.activate_async(gaps, musician).unwrap();
        let client = active.as_client();
        let (into, from) = (option("--into").unwrap(), option("--from").unwrap());
        connect(client, &own, &into, &from, channels);
        if flag("--freewheel") {
            freewheel(client, true);
        }
        xruns.store(0, Ordering::Relaxed); // clients that join delay a cycle
        let begun = Instant::now();
        go.store(true, Ordering::Release);
        let planes: Vec<Vec<f32>> = wait.recv_timeout(Duration::from_secs(600)).unwrap();
        if flag("--freewheel") {
            freewheel(client, false);
        }
        let seconds = total as f64 / rate as f64;
        eprintln!(
            "{seconds:.3} s of sound in {:.3} s, {} gaps",
            begun.elapsed().as_secs_f64(),
            xruns.load(Ordering::Relaxed)
        );
        let mut file = AudioWriter::create(option("--record").unwrap(), rate, channels, Encoding::F32).unwrap();
        file.write(&planes.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        file.finish().unwrap();
    }

    struct Musician {
        tape: Vec<Vec<f32>>,
        recorded: Vec<Vec<f32>>,
        outs: Vec<Port<AudioOut>>,
        ins: Vec<Port<AudioIn>>,
        at: usize,
        go: Arc<AtomicBool>,
        done: mpsc::Sender<Vec<Vec<f32>>>,
    }

    impl jack::ProcessHandler for Musician {
        fn process(&mut self, _: &Client, cycle: &ProcessScope) -> Control {
            let go = self.go.load(Ordering::Acquire);
            for (out, tape) in self.outs.iter_mut().zip(&self.tape) {
                for (sample, at) in out.as_mut_slice(cycle).iter_mut().zip(self.at..) {
                    *sample = if go { tape.get(at).copied().unwrap_or(0.0) } else { 0.0 };
                }
            }
            if !go || self.recorded.is_empty() {
                return Control::Continue;
            }
            for (heard, recorded) in self.ins.iter().zip(&mut self.recorded) {
                let place = &mut recorded[self.at..];
                let heard = heard.as_slice(cycle);
                let frames = heard.len().min(place.len());
                place[..frames].copy_from_slice(&heard[..frames]);
            }
            self.at = (self.at + cycle.n_frames() as usize).min(self.recorded[0].len());
            if self.at == self.recorded[0].len() {
                drop(self.done.send(std::mem::take(&mut self.recorded)));
            }
            Control::Continue
        }
    }

    struct Gaps(Arc<AtomicU32>);

    impl jack::NotificationHandler for Gaps {
        fn xrun(&mut self, _: &Client) -> Control {
            self.0.fetch_add(1, Ordering::Relaxed);
            Control::Continue
        }

        fn sample_rate(&mut self, _: &Client, _: Frames) -> Control {
            Control::Continue
        }
    }

    /// The microphone takes the place of the system's own ports.
    fn connect(client: &Client, own: &str, into: &str, from: &str, channels: usize) {
        let with = |prefix: &str, flags: PortFlags| {
            patiently(prefix, || {
                let ports = client.ports(None, None, flags).into_iter();
                let mut ports: Vec<String> = ports.filter(|port| port.starts_with(prefix)).collect();
                ports.sort_by_key(|port| (port.len(), port.clone()));
                (ports.len() >= channels).then_some(ports)
            })
        };
        let (hear, speak) = (with(into, PortFlags::IS_INPUT), with(from, PortFlags::IS_OUTPUT));
        for system in client.ports(None, None, PortFlags::IS_OUTPUT).iter().filter(|port| port.starts_with("system:")) {
            // What is not connected cannot be disconnected, and need not be.
            hear.iter().for_each(|port| drop(client.disconnect_ports_by_name(system, port)));
        }
        for n in 0..channels {
            client.connect_ports_by_name(&format!("{own}:mic_{n}"), &hear[n]).unwrap();
            client.connect_ports_by_name(&speak[n], &format!("{own}:rec_{n}")).unwrap();
        }
        std::thread::sleep(Duration::from_millis(100)); // connections take a cycle or two
    }

    /// Cycles follow each other without waiting for a clock.
    fn freewheel(client: &Client, on: bool) {
        // SAFETY: the client is alive.
        assert_eq!(unsafe { jack::jack_sys::jack_set_freewheel(client.raw(), i32::from(on)) }, 0);
    }

    fn read(path: &str) -> Vec<Vec<f32>> {
        let mut reader = AudioReader::open(path).unwrap();
        let mut planes = vec![vec![0.0; 65536]; reader.spec().channels];
        let mut tape = vec![vec![]; planes.len()];
        while let frames @ 1.. = reader.read(&mut planes).unwrap() {
            tape.iter_mut().zip(&planes).for_each(|(tape, plane)| tape.extend_from_slice(&plane[..frames]));
        }
        tape
    }

    fn patiently<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            match attempt() {
                Some(done) => return done,
                None if begun.elapsed() > PATIENCE => panic!("{what} did not come up"),
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    fn flag(name: &str) -> bool {
        std::env::args().any(|arg| arg == name)
    }

    fn option(name: &str) -> Option<String> {
        std::env::args().skip_while(|arg| arg != name).nth(1)
    }
}
