//! RT — holds what the control side replaces while sound plays. What is replaced goes home to be freed.
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

/// Changes that may be under way.
const UNDER_WAY: usize = 4;

/// The render thread's side.
pub struct Slot<T> {
    held: Option<Box<T>>,
    next: HeapCons<Option<Box<T>>>,
    home: HeapProd<Box<T>>,
}

/// The control side's.
pub struct Plug<T> {
    send: HeapProd<Option<Box<T>>>,
    home: HeapCons<Box<T>>,
}

impl<T> Slot<T> {
    /// An empty slot and what fills it.
    pub fn new() -> (Self, Plug<T>) {
        let (send, next) = HeapRb::new(UNDER_WAY).split();
        let (home, back) = HeapRb::new(UNDER_WAY).split();
        (Self { held: None, next, home }, Plug { send, home: back })
    }

    /// A slot that holds one thing for ever.
    pub fn of(held: T) -> Self {
        Self { held: Some(Box::new(held)), ..Self::new().0 }
    }

    /// What is held.
    pub fn held(&mut self) -> Option<&mut T> {
        self.held.as_deref_mut()
    }

    /// RT — does what the control side asked for; answers whether something else is held now.
    pub fn turn(&mut self) -> bool {
        let mut turned = false;
        while !self.home.is_full() {
            let Some(next) = self.next.try_pop() else { break };
            turned = true;
            if let Some(old) = std::mem::replace(&mut self.held, next) {
                let _cannot_be_full = self.home.try_push(old);
            }
        }
        turned
    }
}

impl<T> Plug<T> {
    /// Gives the render thread something to hold instead of what it holds.
    ///
    /// # Errors
    /// It comes back if the render thread has not yet done what was asked before: try again after its next block.
    pub fn attach(&mut self, next: T) -> Result<(), T> {
        self.free();
        match self.send.try_push(Some(Box::new(next))) {
            Err(Some(next)) => Err(*next),
            _ => Ok(()),
        }
    }

    /// Takes away what it holds; answers whether that is under way.
    pub fn detach(&mut self) -> bool {
        self.free();
        self.send.try_push(None).is_ok()
    }

    /// Frees what came home; answers whether there was something. Also done by the other calls.
    pub fn free(&mut self) -> bool {
        let waited = !self.home.is_empty();
        self.home.clear();
        waited
    }
}
