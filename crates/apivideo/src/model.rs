//! The wire types of live streams, as the public OpenAPI specification names them.

use crate::Secret;

/// A live stream as the API shows it.
///
/// Fields that this crate doesn't know are passed over, and only the id is
/// required: a server that adds or drops a field must not stop its clients.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveStream {
    /// The server's id, `li…`. Never empty.
    pub live_stream_id: String,
    /// The name that people see. Not unique.
    pub name: Option<String>,
    /// Whether everybody may watch it. `None`: the answer didn't say.
    pub public: Option<bool>,
    /// The player that the stream is shown with. `None`: the default one, or not said.
    pub player_id: Option<String>,
    /// Whether something is being broadcast into it. `false` as well when the answer didn't say.
    pub broadcasting: bool,
    /// The key to broadcast into it.
    pub stream_key: Option<Secret>,
    /// Where to watch it, if it is public.
    pub assets: Assets,
    /// When it was created, in whole seconds of the server's clock. A time that can't be read is `None`.
    pub created_at: Option<jiff::Timestamp>,
    /// When its settings last changed, likewise.
    pub updated_at: Option<jiff::Timestamp>,
}

/// The addresses of a public stream: nothing in them is secret.
///
/// Those of a private stream carry a token, and are as secret as its key: they
/// are not read. Nor is one that carries a token although its stream is public:
/// that was private a moment ago.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assets {
    /// The HLS manifest.
    pub hls: Option<String>,
    /// The HTML of an `<iframe>` with the player.
    pub iframe: Option<String>,
    /// The page of the player.
    pub player: Option<String>,
    /// The picture that is shown before it plays.
    pub thumbnail: Option<String>,
}

/// One page of the list of live streams.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// What could be read of it.
    pub items: Vec<LiveStream>,
    /// How many of its items could not be read. One bad item doesn't cost the
    /// page, but whoever concludes that something is absent has to know of it.
    pub unreadable: usize,
    /// How many pages there are, at least 1.
    pub pages_total: u32,
    /// How many items there are on all pages. Other clients may change it between two pages.
    pub items_total: u64,
}

/// Which page of which live streams to list, by the time of their creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListLiveStreams {
    /// Only streams whose name holds this text.
    pub name: Option<String>,
    /// From the newest to the oldest; else from the oldest to the newest.
    pub newest_first: bool,
    /// The page's number, from 1.
    pub page: u32,
    /// How many to a page, 1 to 100.
    pub page_size: u32,
}

impl Default for ListLiveStreams {
    /// The first hundred, oldest first: what is created while the pages are
    /// being read comes last, and so moves nothing.
    fn default() -> Self {
        Self { name: None, newest_first: false, page: 1, page_size: 100 }
    }
}
