//! Triggers reconciles of LiveStreams when something outside the cluster has changed.

use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::core::facts::ids::ObjectKey;

/// Which LiveStreams to reconcile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// One.
    One(ObjectKey),
    /// All.
    All,
}

/// The channels to the controllers: one for each watched namespace.
#[derive(Default)]
pub struct Triggers {
    listeners: Mutex<Vec<(Option<String>, UnboundedSender<Trigger>)>>,
}

impl Triggers {
    /// The triggers for a namespace, or for all.
    pub fn listen(&self, namespace: Option<String>) -> UnboundedReceiver<Trigger> {
        let (sender, receiver) = unbounded_channel();
        self.listeners.lock().push((namespace, sender));
        receiver
    }

    /// Triggers one LiveStream.
    pub fn one(&self, key: &ObjectKey) {
        let of_here = |namespace: &Option<String>| namespace.as_ref().is_none_or(|n| *n == key.namespace);
        self.send(|namespace| of_here(namespace).then(|| Trigger::One(key.clone())));
    }

    /// Triggers every LiveStream.
    pub fn all(&self) {
        self.send(|_| Some(Trigger::All));
    }

    /// A listener that is gone belongs to a controller that has ended.
    fn send(&self, trigger: impl Fn(&Option<String>) -> Option<Trigger>) {
        self.listeners.lock().retain(|(namespace, sender)| {
            trigger(namespace).is_none_or(|trigger| sender.send(trigger).is_ok())
        });
    }
}
