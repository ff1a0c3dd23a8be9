//! Tickets of the account's one queue: reserved, called, dropped, redeemed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use apivideo::{
    Class, Client, Deferral, Error, ListLiveStreams, Permit, Priority, Ticket, delete, get, list,
};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::account_server::{AccountServer, MODEL, Model, client};
use crate::scripted::{Scripted, as_usual, json, page, stream};

/// Leave for one write now, if no ticket goes first.
fn permit(client: &Client, priority: Priority) -> Result<Permit, Error> {
    client.enqueue(Class::Write, priority, || ()).redeem()
}

#[tokio::test(start_paused = true)]
async fn a_dropped_permit_goes_to_the_next_and_a_dropped_ticket_leaves_no_gap() {
    let server = AccountServer::new(Model { limit: 10, ..MODEL }, 7);
    let client = client(&server, 1.0);
    client.send(delete("li1"), Priority::UserChange).await.unwrap();
    let permits: Vec<_> = (0..9).map(|_| permit(&client, Priority::UserChange).unwrap()).collect();
    let error = permit(&client, Priority::UserChange).unwrap_err();
    assert!(matches!(error, Error::Deferred { because: Deferral::RateLimited, .. }), "{error}");
    let wait = |client: &Client| {
        let client = client.clone();
        tokio::spawn(async move { client.permit(Class::Write, Priority::Creation).await })
    };
    let (first, second) = (wait(&client), wait(&client));
    tokio::time::sleep(Duration::from_secs(1)).await;
    first.abort();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let waiting: u64 = client.waiting(Class::Write).iter().map(|waiting| waiting.calls).sum();
    assert_eq!(waiting, 1);
    let before = Instant::now();
    drop(permits);
    second.await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_does_not_overtake_its_equals() {
    let server = AccountServer::new(Model { limit: 10, ..MODEL }, 7);
    let client = client(&server, 1.0);
    for _ in 0..10 {
        client.send(delete("li1"), Priority::UserChange).await.unwrap();
    }
    let called = Arc::new(Notify::new());
    let notify = Arc::clone(&called);
    let ticket = client.enqueue(Class::Write, Priority::Creation, move || notify.notify_one());
    tokio::time::sleep(Duration::from_secs(30)).await;
    let expected = ticket.expected_wait();
    assert!(expected <= Duration::from_secs(31) && expected > Duration::from_secs(25), "{expected:?}");
    let oldest = client.waiting(Class::Write).into_iter().map(|waiting| waiting.oldest).max();
    assert!(oldest >= Some(Duration::from_secs(29)), "{oldest:?}");
    assert!(permit(&client, Priority::DriftCorrection).is_err());
    called.notified().await;
    drop(ticket.redeem().unwrap());
    assert!(permit(&client, Priority::DriftCorrection).is_ok(), "nobody waits any more");
}

/// A client whose limit of so many writes a minute is used up.
async fn used_up(limit: u64) -> Client {
    let client = client(&AccountServer::new(Model { limit, ..MODEL }, 7), 1.0);
    for _ in 0..limit {
        client.send(delete("li1"), Priority::UserChange).await.unwrap();
    }
    client
}

/// The number and the time of each call of a ticket, in order.
type Calls = Arc<Mutex<Vec<(usize, Instant)>>>;

/// Tickets to delete, and the order in which they were called, each with the time.
fn tickets(client: &Client, count: usize) -> (Vec<Ticket>, Calls) {
    let calls = Calls::default();
    let ticket = |number| {
        let calls = Arc::clone(&calls);
        let on_called = move || calls.lock().unwrap().push((number, Instant::now()));
        client.enqueue(Class::Write, Priority::Creation, on_called)
    };
    ((0..count).map(ticket).collect(), calls)
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_never_comes_delays_the_others_by_one_reservation() {
    let client = used_up(1).await;
    let (tickets, calls) = tickets(&client, 3);
    tokio::time::sleep(Duration::from_secs(66)).await;
    let called = calls.lock().unwrap().clone();
    assert_eq!(called.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 1, 2]);
    for pair in called.windows(2) {
        let delay = pair[1].1 - pair[0].1;
        assert!(delay >= Duration::from_secs(2) && delay <= Duration::from_millis(2010), "{delay:?}");
    }
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(calls.lock().unwrap().len(), 3, "none is called again before its holder asks");
    let (lapsed, last) = (&tickets[0], &tickets[2]);
    assert!(lapsed.is_called());
    let permit = lapsed.redeem().unwrap();
    last.redeem().unwrap_err();
    tickets[1].redeem().unwrap_err();
    drop(permit);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(calls.lock().unwrap().last().map(|(number, _)| *number), Some(1), "they kept their numbers");
}

#[tokio::test(start_paused = true)]
async fn no_newcomer_overtakes_a_called_ticket() {
    let client = used_up(1).await;
    let (tickets, calls) = tickets(&client, 1);
    while calls.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for _ in 0..15 {
        permit(&client, Priority::UserChange).unwrap_err();
        client.send(delete("li1"), Priority::UserChange).await.unwrap_err();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tickets[0].redeem().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_reservation_can_be_renewed_and_is_free_again_when_dropped() {
    let client = used_up(1).await;
    let (mut tickets, calls) = tickets(&client, 2);
    tokio::time::sleep(Duration::from_secs(61)).await;
    for _ in 0..5 {
        tickets[0].reserve().unwrap();
        tickets[1].reserve().unwrap_err();
        tokio::time::sleep(Duration::from_millis(1900)).await;
    }
    assert_eq!(calls.lock().unwrap().len(), 1);
    drop(tickets.remove(0));
    tokio::time::sleep(Duration::from_millis(1)).await;
    tickets[0].redeem().unwrap();
    assert_eq!(calls.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_waiting_tickets_are_served_by_one_task() {
    let client = used_up(10).await;
    let (tickets, _) = tickets(&client, 10_000);
    let waiting: u64 = client.waiting(Class::Write).iter().map(|waiting| waiting.calls).sum();
    assert_eq!(waiting, 10_000);
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    assert_eq!(tasks(), 1);
    drop(tickets);
    drop(client);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(tasks(), 0, "the dispatcher ends with its client");
}

#[tokio::test(start_paused = true)]
async fn while_the_credentials_are_refused_only_the_list_is_called() {
    let refused = Arc::new(Mutex::new(true));
    let says = Arc::clone(&refused);
    let wire = Scripted::new(move |seen| match seen.line.contains("/auth/") {
        true => as_usual(),
        false if *says.lock().unwrap() => json(401, "{}"),
        false if seen.line.starts_with("GET /live-streams?") => page(),
        false => stream(),
    });
    let client = crate::scripted::client(&wire);
    let whole_list = || list(&ListLiveStreams::default());
    client.send(whole_list(), Priority::Background).await.unwrap_err();
    let mut tasks = tokio::task::JoinSet::new();
    for priority in [Priority::Creation, Priority::DriftCorrection, Priority::UserChange] {
        let client = client.clone();
        tasks.spawn(async move {
            let permit = client.permit(Class::Read, priority).await;
            client.send_with(permit, get("li1")).await.unwrap();
            priority
        });
    }
    let prober = client.clone();
    tasks.spawn(async move {
        loop {
            let permit = prober.permit(Class::Read, Priority::Background).await;
            if prober.send_with(permit, whole_list()).await.is_ok() {
                return Priority::Background;
            }
        }
    });
    let before = wire.count("GET");
    tokio::time::sleep(Duration::from_secs(600)).await;
    let probes = wire.count("GET") - before;
    // Each meets the 401 twice: it is repeated with a new token.
    assert!((20 * 2..=50 * 2).contains(&probes), "{probes} in ten minutes");
    *refused.lock().unwrap() = false;
    tokio::time::sleep(Duration::from_secs(31)).await;
    let mut done = Vec::new();
    while let Some(Ok(priority)) = tasks.try_join_next() {
        done.push(priority);
    }
    let order = [Priority::Background, Priority::UserChange, Priority::Creation, Priority::DriftCorrection];
    assert_eq!(done, order);
}
