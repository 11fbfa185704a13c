//! The thread: all sockets in turn, none waited for.
use super::answer::{Answer, Asked, Done, Shared, To};
use super::client::{Client, Deaf, Every};
use super::news::{News, Seen};
use super::osc::Osc;
use super::places::{self, Door, RemoteError, Stream};
use super::request::{self, Request};
use super::tell;
use super::{Options, Remote};
use crate::live::{Act, Scene};
use mio::{Events, Interest, Poll, Token, Waker};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::time::{Duration, Instant};

const WAKE: Token = Token(0);
const OSC: Token = Token(1);
/// The first door; the first client comes behind them.
const DOORS: usize = 2;
const CLIENTS: usize = 1 << 10;
/// Most clients at a time.
const MOST_CLIENTS: usize = 16;
/// Most connections at a time, with those that are told that they are too many.
const MOST_TOLD: usize = 64;
/// Most acts that wait for the session.
const MOST_ACTS: usize = 256;
/// How long clients may take to read their last answers.
const LAST: Duration = Duration::from_millis(200);

/// Opens the sockets, and serves them on a thread.
pub fn start(options: &Options) -> Result<Remote, RemoteError> {
    let (poll, listen) = (Poll::new()?, options.listen.unwrap_or(Ipv4Addr::LOCALHOST.into()));
    let shared = Arc::new(Shared::new(Waker::new(poll.registry(), WAKE)?));
    let (asks, asked) = sync_channel(MOST_ACTS);
    let (tell, notes) = channel();
    let mut doors = vec![];
    for (at, control) in options.control.iter().enumerate() {
        let mut door = Door::open(control, listen)?;
        let token = Token(DOORS + at);
        match &mut door {
            Door::Tcp(listener) => poll.registry().register(listener, token, Interest::READABLE)?,
            #[cfg(unix)]
            Door::Unix(listener, _) => poll.registry().register(listener, token, Interest::READABLE)?,
        }
        doors.push(door);
    }
    let mut socket = options.osc.map(|port| places::udp(port, listen)).transpose()?;
    if let Some(socket) = &mut socket {
        poll.registry().register(socket, OSC, Interest::READABLE)?;
    }
    let osc_at = socket.as_ref().and_then(|socket| socket.local_addr().ok());
    let tcp = doors.iter().find_map(|door| match door {
        Door::Tcp(listener) => listener.local_addr().ok(),
        #[cfg(unix)]
        Door::Unix(..) => None,
    });
    let mut places: Vec<String> = doors.iter().map(Door::place).collect();
    places.extend(osc_at.map(|at| format!("osc {at}")));
    if let Some(note) = reach(listen, tcp.is_some() || osc_at.is_some()) {
        drop(tell.send(note)); // `notes` is here
    }
    let desk = Desk { shared: shared.clone(), asks, notes: tell, scene: None };
    let hub = Hub { poll, doors, clients: BTreeMap::new(), next: CLIENTS, osc: socket.map(Osc::new), desk };
    let thread = std::thread::Builder::new().name("aw-remote".into()).spawn(move || hub.run())?;
    let (asked, thread): (Option<Receiver<Asked>>, _) = (Some(asked), Some(thread));
    Ok(Remote { shared, asked, notes, seen: Seen::default(), thread, places, tcp, osc: osc_at })
}

/// What it means to listen there.
fn reach(listen: IpAddr, any: bool) -> Option<String> {
    (any && !listen.is_loopback()).then(|| {
        format!(
            "remote control is open at {listen}: whoever reaches this machine can change and end what plays, and write \
             presets; there is no password, and nothing is encrypted. Leave --listen out to be reached from here alone"
        )
    })
}

/// What whoever is served needs of the session.
pub struct Desk {
    shared: Arc<Shared>,
    asks: SyncSender<Asked>,
    notes: Sender<String>,
    /// The newest scene.
    pub scene: Option<Arc<Scene>>,
}

impl Desk {
    /// One without a thread, that shows a scene; and what it is asked.
    #[cfg(test)]
    pub fn alone() -> (Self, Receiver<Asked>) {
        let waker = Waker::new(Poll::new().unwrap().registry(), WAKE).unwrap();
        let (asks, asked) = sync_channel(MOST_ACTS);
        let scene = Some(Arc::new(super::tests::scene()));
        (Self { shared: Arc::new(Shared::new(waker)), asks, notes: channel().0, scene }, asked)
    }

    /// Hands an act on; what becomes of it comes back through the inbox.
    pub fn ask(&self, act: Act, to: To) {
        let asked = Asked { act, answer: Answer::new(to, &self.shared) };
        match self.asks.try_send(asked) {
            Ok(()) => {}
            Err(TrySendError::Full(Asked { answer, .. })) => {
                answer.give(Err(format!("{MOST_ACTS} requests are waiting already; ask again in a moment")));
            }
            Err(TrySendError::Disconnected(asked)) => drop(asked), // that is an answer, too
        }
    }

    /// Tells the user.
    pub fn note(&self, text: String) {
        drop(self.notes.send(text)); // nobody is there at the end
    }
}

struct Hub {
    poll: Poll,
    doors: Vec<Door>,
    clients: BTreeMap<usize, Client>,
    next: usize,
    osc: Option<Osc>,
    desk: Desk,
}

impl Hub {
    fn run(mut self) {
        let mut events = Events::with_capacity(64);
        let mut last = None;
        loop {
            let now = Instant::now();
            if last.is_some_and(|last| last <= now || self.clients.values().all(Client::is_quiet)) {
                return;
            }
            match self.poll.poll(&mut events, self.wait(now, last)) {
                Err(why) if why.kind() != ErrorKind::Interrupted => {
                    return self.desk.note(format!("remote control has ended: {why}"));
                }
                _ => {}
            }
            for event in &events {
                match event.token() {
                    WAKE => {}
                    OSC => self.osc.iter_mut().for_each(Osc::readable),
                    Token(at) if at < CLIENTS => self.accept(at - DOORS),
                    Token(at) => {
                        if let Some(client) = self.clients.get_mut(&at) {
                            client.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
                        }
                    }
                }
            }
            let now = Instant::now();
            if self.inbox() {
                last.get_or_insert(now + LAST);
            }
            self.serve(now);
            if let Some(osc) = &mut self.osc {
                osc.serve(&self.desk, now);
            }
            self.write();
        }
    }

    /// How long nothing is to be done, if nothing comes.
    fn wait(&self, now: Instant, last: Option<Instant>) -> Option<Duration> {
        if self.clients.values().any(|client| client.readable) {
            return Some(Duration::ZERO);
        }
        let meters = self.clients.values().filter_map(|client| client.meters.as_ref()).map(|every| every.next);
        let next = meters.chain(self.osc.iter().filter_map(|osc| osc.next(now))).chain(last).min();
        next.map(|next| next.saturating_duration_since(now))
    }

    fn accept(&mut self, door: usize) {
        let Some(door) = self.doors.get(door) else { return };
        loop {
            let mut stream = match door.accept() {
                Ok(stream) => stream,
                Err(why) if why.kind() == ErrorKind::WouldBlock => return,
                Err(why) if matches!(why.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => continue,
                Err(why) => return self.desk.note(format!("a client of {} is not let in: {why}", door.place())),
            };
            if self.clients.len() >= MOST_TOLD {
                continue; // so many do not listen to what they are told
            }
            if register(&self.poll, &mut stream, Token(self.next)).is_ok() {
                let mut client = Client::new(stream);
                if self.clients.values().filter(|client| client.is_served()).count() >= MOST_CLIENTS {
                    client.refuse(&format!("{MOST_CLIENTS} clients are connected already; close one of them"));
                }
                self.clients.insert(self.next, client);
                self.next += 1;
            }
        }
    }

    /// Takes what the session has left here; answers whether that was its last word.
    fn inbox(&mut self) -> bool {
        let inbox = self.desk.shared.take();
        self.desk.scene = inbox.scene.or(self.desk.scene.take());
        self.tell(&inbox.news);
        let mut is_last = false;
        for done in inbox.done {
            match done {
                Done::Act(To::Client(at, id), result) => {
                    if let Some(client) = self.clients.get_mut(&at) {
                        client.waiting -= 1;
                        client.say(&tell::answer(id, tell::done(result)));
                    }
                }
                Done::Act(To::Osc(to, what), result) => {
                    self.osc.iter().for_each(|osc| osc.answer(to, &what, &result));
                }
                Done::End => is_last = true,
            }
        }
        is_last
    }

    fn tell(&mut self, news: &[News]) {
        for news in news {
            let line = tell::news(news);
            let wants = |client: &&mut Client| match news {
                News::Param(..) => client.params,
                _ => client.events,
            };
            self.clients.values_mut().filter(wants).for_each(|client| client.say(&line));
            self.osc.iter_mut().for_each(|osc| osc.tell(news));
        }
    }

    /// Reads what clients ask, and gives those their meters who wait for them.
    fn serve(&mut self, now: Instant) {
        let mut meters = None;
        for (at, client) in &mut self.clients {
            for line in client.lines() {
                let (id, asked) = request::read(&line);
                let asked = asked.and_then(|asked| within_reach(asked, client.is_remote()));
                let result = match asked {
                    Ok(Request::Act(act)) => {
                        client.waiting += 1;
                        self.desk.ask(act, To::Client(*at, id));
                        continue;
                    }
                    Ok(Request::Get(at)) => tell::get(self.desk.scene.as_deref(), &at),
                    Ok(Request::Params(follow)) => {
                        client.params = follow.unwrap_or(client.params);
                        tell::params(self.desk.scene.as_deref())
                    }
                    Ok(Request::Scene) => tell::whole(self.desk.scene.as_deref()),
                    Ok(Request::Events(on)) => {
                        client.events = on;
                        Ok(Value::Null)
                    }
                    Ok(Request::Meters(hz)) => {
                        client.meters = hz.map(|hz| Every::hz(hz, now));
                        Ok(Value::Null)
                    }
                    Err(why) => Err(why),
                };
                client.say(&tell::answer(id, result));
            }
            if client.meters.as_mut().is_some_and(|every| every.is_due(now))
                && let Some(scene) = &self.desk.scene
            {
                client.say_if_read(meters.get_or_insert_with(|| tell::meters(scene)));
            }
        }
    }

    /// Writes what can be written, and forgets who has gone.
    fn write(&mut self) {
        for client in self.clients.values_mut() {
            if let Err(Deaf) = client.write() {
                self.desk.note("a client of remote control did not read what it asked for, and was cut off".into());
            }
        }
        self.clients.retain(|_, client| !client.is_done());
    }
}

/// Files that a client may name.
fn within_reach(asked: Request, is_remote: bool) -> Result<Request, String> {
    match &asked {
        Request::Act(Act::Load(path) | Act::Save(path)) if is_remote => request::below(path).map(|()| asked),
        _ => Ok(asked),
    }
}

fn register(poll: &Poll, stream: &mut Stream, token: Token) -> io::Result<()> {
    let both = Interest::READABLE | Interest::WRITABLE;
    match stream {
        Stream::Tcp(stream) => poll.registry().register(stream, token, both),
        #[cfg(unix)]
        Stream::Unix(stream) => poll.registry().register(stream, token, both),
    }
}
