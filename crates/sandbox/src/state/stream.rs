//! One live stream: what is kept of it, and how the API shows it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::answer::atom;
use crate::generator::Generator;
use crate::key::ProjectId;
use crate::secret::Secret;

/// A live stream of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiveStream {
    pub(crate) id: String,
    pub(crate) settings: Settings,
    pub(crate) stream_key: Secret,
    /// Part of the asset URLs while the stream is private.
    asset_token: Secret,
    pub(crate) broadcasting: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What a client can set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) public: bool,
    pub(crate) player_id: Option<String>,
    pub(crate) restreams: Vec<Restream>,
}

/// Another place that a stream is sent on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restream {
    pub(crate) name: String,
    pub(crate) server_url: String,
    pub(crate) stream_key: Secret,
}

/// A live stream without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamView {
    /// `li` and 22 letters or digits.
    pub live_stream_id: String,
    /// Its name; not unique.
    pub name: String,
    /// Whether it can be watched without a token.
    pub public: bool,
    /// The player that shows it, if one was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub player_id: Option<String>,
    /// Whether it is on air.
    pub broadcasting: bool,
    /// The project that it is in, if that has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// How many other places it is sent on to.
    pub restreams: usize,
    /// When it was created; whole seconds, as the API shows it.
    pub created_at: Timestamp,
    /// When a setting last changed; whole seconds.
    pub updated_at: Timestamp,
}

impl LiveStream {
    pub(crate) fn new(settings: Settings, generator: &mut Generator, now: Timestamp) -> Self {
        Self {
            id: format!("li{}", generator.alphanumeric(22)),
            stream_key: Secret::from(generator.uuid()),
            asset_token: Secret::from(generator.uuid()),
            settings,
            broadcasting: false,
            created_at: now,
            updated_at: now,
        }
    }

    /// The object as the API answers it, secrets included.
    pub(crate) fn to_json(&self) -> Value {
        let restreams: Vec<Value> = self.settings.restreams.iter().map(Restream::to_json).collect();
        let mut object = json!({
            "liveStreamId": self.id,
            "name": self.settings.name,
            "streamKey": self.stream_key.expose(),
            "public": self.settings.public,
            "assets": self.assets(),
            "broadcasting": self.broadcasting,
            "restreams": restreams,
            "createdAt": atom(self.created_at),
            "updatedAt": atom(self.updated_at),
        });
        if let (Some(player), Some(fields)) = (&self.settings.player_id, object.as_object_mut()) {
            fields.insert("playerId".into(), player.clone().into());
        }
        object
    }

    /// The URLs of a private stream carry its token; a public one's don't.
    fn assets(&self) -> Value {
        let (id, token) = (&self.id, self.asset_token.expose());
        let (live, query) = if self.settings.public {
            ("https://live.api.video".to_owned(), String::new())
        } else {
            (format!("https://live.api.video/private/{token}"), format!("?token={token}"))
        };
        let player = format!("https://embed.api.video/live/{id}{query}");
        json!({
            "hls": format!("{live}/{id}.m3u8"),
            "iframe": format!(
                "<iframe src=\"{player}\" width=\"100%\" height=\"100%\" frameborder=\"0\" \
                 scrolling=\"no\" allowfullscreen=\"\"></iframe>"
            ),
            "player": player,
            "thumbnail": format!("{live}/{id}/thumbnail.jpg"),
        })
    }

    pub(crate) fn view(&self, project: &ProjectId) -> StreamView {
        StreamView {
            live_stream_id: self.id.clone(),
            name: self.settings.name.clone(),
            public: self.settings.public,
            player_id: self.settings.player_id.clone(),
            broadcasting: self.broadcasting,
            project: project.name().map(str::to_owned),
            restreams: self.settings.restreams.len(),
            created_at: whole_seconds(self.created_at),
            updated_at: whole_seconds(self.updated_at),
        }
    }

    pub(crate) fn secrets(&self) -> Vec<String> {
        let own = [&self.stream_key, &self.asset_token];
        let others = self.settings.restreams.iter().map(|each| &each.stream_key);
        own.into_iter().chain(others).map(|secret| secret.expose().to_owned()).collect()
    }
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

impl Restream {
    fn to_json(&self) -> Value {
        json!({"name": self.name, "serverUrl": self.server_url, "streamKey": self.stream_key.expose()})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(public: bool) -> LiveStream {
        let settings = Settings { name: "n".into(), public, player_id: None, restreams: vec![] };
        LiveStream::new(settings, &mut Generator::new(1), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn only_private_assets_carry_a_token() {
        let private = stream(false);
        let token = private.asset_token.expose().to_owned();
        for (_, url) in private.assets().as_object().unwrap() {
            assert!(url.as_str().unwrap().contains(&token));
        }
        let public = stream(true);
        assert_eq!(public.assets()["hls"], format!("https://live.api.video/{}.m3u8", public.id));
        assert!(!public.assets().to_string().contains(public.asset_token.expose()));
    }

    #[test]
    fn the_view_and_debug_show_no_secret() {
        let private = stream(false);
        let shown =
            format!("{private:?} {}", serde_json::to_string(&private.view(&ProjectId::default())).unwrap());
        assert!(private.secrets().iter().all(|secret| !shown.contains(secret)));
    }
}
