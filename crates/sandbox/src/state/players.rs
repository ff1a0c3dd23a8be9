//! The player themes of an account.

use jiff::Timestamp;

use super::player::{DEFAULT_PLAYER_ID, Player};

/// When the default player was made; long before anything else.
const LONG_AGO: i64 = 1_578_910_157;

/// Players in the order of their creation. There are few: no index is needed.
#[derive(Debug)]
pub(crate) struct Players(Vec<Player>);

impl Default for Players {
    /// The one player that every project has from the start.
    fn default() -> Self {
        let made = Timestamp::from_second(LONG_AGO).unwrap_or_default();
        Self(vec![Player::new(DEFAULT_PLAYER_ID.to_owned(), made)])
    }
}

impl Players {
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &Player> {
        self.0.iter()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Player> {
        self.0.iter().find(|player| player.id == id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Player> {
        self.0.iter_mut().find(|player| player.id == id)
    }

    pub(crate) fn insert(&mut self, player: Player) {
        self.remove(&player.id);
        self.0.push(player);
    }

    /// False: there is no such player. Streams that name it keep its id.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|player| player.id != id);
        self.0.len() < before
    }
}
