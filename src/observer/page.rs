//! Reading one page of the account's list, and what its failure means.
//!
//! Only the first page speaks for the account: while it can be read, a page that fails
//! is a matter of that page.

use std::time::Duration;

use apivideo::{Class, Error, ListLiveStreams, Page, Permit, Priority};
use tokio::time::Instant;
use tracing::{info, warn};

use super::pace::Pace;
use crate::{
    account::{Account, answers},
    core::{facts::observation::AccountError, state::backoff::backoff},
};

/// How often a page is tried before the scan goes on without it.
const MAX_ATTEMPTS: u32 = 3;

/// How soon the list is checked again because a call failed.
const CHECK_INTERVAL: Duration = Duration::from_secs(30);

/// How soon a new token is asked for while the key opens another project.
const RECHECK_PROJECT: Duration = Duration::from_secs(25);

/// The longest wait for the next check of a list that fails.
const MAX_RETRY: Duration = Duration::from_secs(30);

/// One page, read until it succeeds, and when it was requested; `None` if it fails again
/// and again while the list as such can be read. Where the rate limit is used up it waits in
/// the queue like every other call.
pub(super) async fn read(
    account: &Account,
    query: &ListLiveStreams,
    pace: &mut Pace<'_>,
) -> Option<(Page, Instant)> {
    let (mut attempts, mut permit) = (0, None);
    loop {
        let requested = Instant::now();
        let error = match list(account, query, permit.take()).await {
            Ok(page) => {
                account.note_error(None);
                return Some((page, requested));
            }
            Err(error) => error,
        };
        attempts += 1;
        if attempts == 1 {
            warn!(page = query.page, %error, "reading the account's list failed; retrying");
        }
        let found = answers::account_error(&error);
        let limited = found == Some(AccountError::RateLimited);
        let waits = matches!(error, Error::Deferred { .. });
        if found.is_some() && (query.page == 1 || limited || waits) {
            account.note_error(found);
        } else if query.page > 1 && attempts >= MAX_ATTEMPTS {
            if check(account).await {
                warn!(page = query.page, %error, "a page of the account's list can't be read; the scan goes on without it");
                return None;
            }
            attempts = 1;
        }
        if limited {
            permit = Some(account.client.permit(Class::Read, Priority::Background).await);
        } else {
            let wait = error.retry_in().unwrap_or_else(|| backoff(attempts, "observer").min(MAX_RETRY));
            pace.pause(wait).await;
        }
    }
}

async fn list(account: &Account, query: &ListLiveStreams, permit: Option<Permit>) -> Result<Page, Error> {
    let request = apivideo::list(query);
    match permit {
        Some(permit) => account.client.send_with(permit, request).await,
        None => account.client.send(request, Priority::Background).await,
    }
}

/// Reads the beginning of the list once; whether that works, which is noted.
async fn check(account: &Account) -> bool {
    let query = ListLiveStreams { page_size: 1, ..ListLiveStreams::default() };
    match list(account, &query, None).await {
        Ok(_) => {
            account.note_error(None);
            true
        }
        Err(error) => {
            if let Some(error) = answers::account_error(&error) {
                account.note_error(Some(error));
            }
            false
        }
    }
}

/// Asks for a new token while the key opens another project.
pub(super) async fn renew_while_in_another_project(account: &Account) {
    loop {
        tokio::time::sleep(RECHECK_PROJECT).await;
        if account.view(None).project.expected.is_none() {
            continue;
        }
        if let Err(error) = account.client.renew_token().await {
            warn!(%error, "the API key opens another project, and a new token is not to be had");
        }
        if account.view(None).project.expected.is_none() {
            info!("the API key opens the right project again");
            account.triggers.all();
        }
    }
}

/// Checks the list when calls about single streams fail, at most once in
/// [`CHECK_INTERVAL`], and until it works again.
pub(super) async fn check_on_request(account: &Account) {
    loop {
        tokio::select! {
            () = account.check_list.notified() => {}
            // The list is the only probe of an account in trouble.
            () = account.client.probe_due() => {}
        }
        let mut attempts = 0;
        while !check(account).await {
            attempts += 1;
            tokio::time::sleep(backoff(attempts, "observer").min(MAX_RETRY)).await;
        }
        tokio::time::sleep(CHECK_INTERVAL).await;
    }
}
