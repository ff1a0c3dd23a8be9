//! Brings LiveStreams back to the controller when something outside the
//! cluster has changed.

use std::sync::Mutex;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::lock;
use crate::core::model::Place;

/// Whom to wake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wake {
    /// One LiveStream.
    One(Place),
    /// Every LiveStream.
    All,
}

/// The way to the controllers: one for each watched namespace.
#[derive(Default)]
pub struct Wakes {
    listeners: Mutex<Vec<(Option<String>, UnboundedSender<Wake>)>>,
}

impl Wakes {
    /// What is woken in a namespace, or everywhere.
    pub fn listen(&self, namespace: Option<String>) -> UnboundedReceiver<Wake> {
        let (sender, receiver) = unbounded_channel();
        lock(&self.listeners).push((namespace, sender));
        receiver
    }

    /// Wakes one LiveStream.
    pub fn one(&self, place: &Place) {
        let of_here = |namespace: &Option<String>| namespace.as_ref().is_none_or(|n| *n == place.namespace);
        self.send(|namespace| of_here(namespace).then(|| Wake::One(place.clone())));
    }

    /// Wakes every LiveStream.
    pub fn all(&self) {
        self.send(|_| Some(Wake::All));
    }

    /// A listener that is gone belongs to a controller that has ended.
    fn send(&self, wake: impl Fn(&Option<String>) -> Option<Wake>) {
        lock(&self.listeners)
            .retain(|(namespace, sender)| wake(namespace).is_none_or(|wake| sender.send(wake).is_ok()));
    }
}
