//! The one way to a value behind a lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value, also after a panic elsewhere: each change under the locks of this
/// crate is whole before anything can panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
