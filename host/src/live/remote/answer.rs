//! An act, who asked for it, and the way back.
use super::super::act::Act;
use super::super::scene::{Scene, Spectrum};
use super::news::News;
use mio::Waker;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An act that somebody asked for.
#[derive(Debug)]
pub struct Asked {
    /// What is to be done.
    pub act: Act,
    /// What becomes of it goes here.
    pub answer: Answer,
}

/// The way back to who asked.
#[derive(Debug)]
pub struct Answer {
    to: Option<To>,
    shared: Arc<Shared>,
}

/// Who asked.
#[derive(Clone, Debug, PartialEq)]
pub enum To {
    /// A client, and the name that it gave to the request.
    Client(usize, Value),
    /// A sender of messages, and the message.
    Osc(SocketAddr, String),
}

impl Answer {
    pub(super) fn new(to: To, shared: &Arc<Shared>) -> Self {
        Self { to: Some(to), shared: shared.clone() }
    }

    /// It was done, and what there is to say of that, or nothing; or it was not, and why, with the way out.
    pub fn give(mut self, result: Result<String, String>) {
        self.send(result);
    }

    fn send(&mut self, result: Result<String, String>) {
        if let Some(to) = self.to.take() {
            self.shared.push(Done::Act(to, result));
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.send(Err("the graph has ended before this was done".into()));
    }
}

/// What the session hands to the thread.
#[derive(Debug)]
pub enum Done {
    /// An act.
    Act(To, Result<String, String>),
    /// Its last word.
    End,
}

/// Between the session and the thread.
#[derive(Debug)]
pub struct Shared {
    inbox: Mutex<Inbox>,
    waker: Waker,
}

/// What is there for the thread.
#[derive(Debug, Default)]
pub struct Inbox {
    /// The newest scene.
    pub scene: Option<Arc<Scene>>,
    /// What is new since the last time.
    pub news: Vec<News>,
    /// Answers.
    pub done: Vec<Done>,
}

impl Shared {
    pub fn new(waker: Waker) -> Self {
        Self { inbox: Mutex::default(), waker }
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn push(&self, done: Done) {
        self.inbox().done.push(done);
        self.wake();
    }

    pub fn publish(&self, scene: &Scene, news: Vec<News>) {
        let scene = Arc::new(Scene { spectrum: Spectrum::default(), ..scene.clone() });
        let is_news = !news.is_empty();
        let mut inbox = self.inbox();
        inbox.news.extend(news);
        let is_first = inbox.scene.replace(scene).is_none();
        drop(inbox);
        if is_news || is_first {
            self.wake();
        }
    }

    /// Takes all that is there.
    pub fn take(&self) -> Inbox {
        std::mem::take(&mut *self.inbox())
    }

    fn wake(&self) {
        drop(self.waker.wake()); // a wake that cannot be counted is one too many
    }
}
