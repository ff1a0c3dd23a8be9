//! The checks behind each step: the object, the stream and the event that the
//! operator wrote, each read where a person would read it.

use apivideo_operator::kinds::{LiveStream, LiveStreamSpec};
use apivideo_sandbox::{Sandbox, StreamView};

use crate::cluster::Cluster;
use crate::readiness::settled;
use crate::wait::{Unmet, until};

/// A LiveStream and its stream, checked to agree.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) object: LiveStream,
    pub(crate) stream: StreamView,
}

impl Pair {
    /// The stream's id.
    pub(crate) fn id(&self) -> &str {
        &self.stream.live_stream_id
    }

    /// The object's uid.
    pub(crate) fn uid(&self) -> &str {
        self.object.metadata.uid.as_deref().unwrap_or_default()
    }

    /// Where the stream is watched, as the status has it.
    pub(crate) fn player(&self) -> Option<&str> {
        self.object.status.as_ref()?.assets.as_ref()?.player.as_deref()
    }
}

/// Reads the cluster and the sandbox.
#[derive(Clone, Copy)]
pub(crate) struct Checker<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) sandbox: &'a Sandbox,
}

impl Checker<'_> {
    /// Waits until a LiveStream is Ready for its manifest and its stream equals
    /// the manifest. `other_than` is an id that it must no longer have.
    ///
    /// # Errors
    /// [`Unmet`].
    pub(crate) async fn in_sync(&self, name: &str, other_than: Option<&str>) -> Result<Pair, Unmet> {
        until(format!("LiveStream {name} is Ready, and its stream equals the manifest"), async || {
            let object = self.cluster.live_stream(name).await.map_err(|error| error.to_string())?;
            let object = object.ok_or("there is no such LiveStream")?;
            let id = settled(&object)?;
            if other_than == Some(id.as_str()) {
                return Err(format!("it still has the stream {id}"));
            }
            let stream = self.sandbox.stream(&id).ok_or_else(|| format!("the stream {id} does not exist"))?;
            agree(&object.spec, &stream)?;
            reveals_nothing(&object, &stream)?;
            Ok(Pair { object, stream })
        })
        .await
    }

    /// Waits for an event of the object with this reason whose note mentions
    /// `what`, and returns the note.
    ///
    /// # Errors
    /// [`Unmet`].
    pub(crate) async fn event(&self, uid: &str, reason: &str, what: &str) -> Result<String, Unmet> {
        until(format!("an event {reason} that mentions {what}"), async || {
            let events = self.cluster.events(uid).await.map_err(|error| error.to_string())?;
            let quoted = |event: &k8s_openapi::api::events::v1::Event| {
                let (reason, note) = (event.reason.as_deref(), event.note.as_deref());
                (reason.unwrap_or_default().to_owned(), note.unwrap_or_default().to_owned())
            };
            let mut found: Vec<_> = events.iter().map(quoted).collect();
            match found.iter().position(|(each, note)| each == reason && note.contains(what)) {
                Some(at) => Ok(found.swap_remove(at).1),
                None => Err(format!("the events {found:?}")),
            }
        })
        .await
    }

    /// Waits until a LiveStream no longer exists in the cluster.
    ///
    /// # Errors
    /// [`Unmet`].
    pub(crate) async fn gone(&self, name: &str) -> Result<(), Unmet> {
        until(format!("LiveStream {name} is gone"), async || {
            match self.cluster.live_stream(name).await.map_err(|error| error.to_string())? {
                None => Ok(()),
                Some(object) => Err(format!("it still exists; {}", crate::readiness::readiness(&object))),
            }
        })
        .await
    }

    /// Waits until a stream equals what it was.
    ///
    /// # Errors
    /// [`Unmet`].
    pub(crate) async fn unchanged(&self, before: &StreamView) -> Result<(), Unmet> {
        let id = &before.live_stream_id;
        until(format!("the stream {id} is unchanged"), async || match self.sandbox.stream(id) {
            Some(now) if now == *before => Ok(()),
            Some(now) => Err(format!("it is {now:?}; before, it was {before:?}")),
            None => Err("it does not exist".to_owned()),
        })
        .await
    }

    /// Waits until the account has exactly this many streams: none is left
    /// over, none was created twice.
    ///
    /// # Errors
    /// [`Unmet`].
    pub(crate) async fn streams(&self, count: usize) -> Result<(), Unmet> {
        until(format!("the account has {count} streams"), async || {
            let ids: Vec<_> =
                self.sandbox.streams().into_iter().map(|stream| stream.live_stream_id).collect();
            if ids.len() == count {
                Ok(())
            } else {
                Err(format!("{} streams: {}", ids.len(), ids.join(", ")))
            }
        })
        .await
    }
}

/// Whether a stream has what the manifest says; what it leaves out is not managed.
fn agree(spec: &LiveStreamSpec, stream: &StreamView) -> Result<(), String> {
    if spec.name != stream.name {
        return Err(format!("name is {:?} and not {:?}", stream.name, spec.name));
    }
    if let Some(public) = spec.public.filter(|public| *public != stream.public) {
        return Err(format!("public is {} and not {public}", stream.public));
    }
    match &spec.player_id {
        Some(player) if stream.player_id.as_ref() != Some(player) => {
            Err(format!("playerId is {:?} and not {player:?}", stream.player_id))
        }
        _ => Ok(()),
    }
}

/// The URLs of a private stream carry a token, so the status must not have them.
fn reveals_nothing(object: &LiveStream, stream: &StreamView) -> Result<(), String> {
    let has_urls = object.status.as_ref().is_some_and(|status| status.assets.is_some());
    if has_urls && !stream.public {
        Err("the status has URLs of a private stream".to_owned())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_the_manifest_says_has_to_agree() {
        let mut api = apivideo_sandbox::State::new(apivideo_sandbox::Options::default().config(), 1);
        let new =
            apivideo_sandbox::NewStream { public: Some(true), ..apivideo_sandbox::NewStream::named("A") };
        let stream = api.create(&new, k8s_openapi::jiff::Timestamp::UNIX_EPOCH).unwrap();
        for (spec, seen) in [
            (json!({"name": "A"}), None),
            (json!({"name": "A", "public": true}), None),
            (json!({"name": "B"}), Some("name is \"A\" and not \"B\"")),
            (json!({"name": "A", "public": false}), Some("public is true and not false")),
            (json!({"name": "A", "playerId": "pt1"}), Some("playerId is None and not \"pt1\"")),
        ] {
            let spec: LiveStreamSpec = serde_json::from_value(spec).unwrap();
            assert_eq!(agree(&spec, &stream).err().as_deref(), seen);
        }
    }
}
