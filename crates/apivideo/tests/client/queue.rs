//! The account's one queue, against a model of the server's windows: never
//! beyond the limit, nearly all of it used, in order, and nobody starves.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use apivideo::{
    Class, Client, Deferral, Error, ListLiveStreams, Permit, Priority, Settings, Ticket, delete, get, list,
};
use proptest::prelude::*;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::account_server::{AccountServer, Model};
use crate::scripted::{Scripted, as_usual, json, page, settings, stream};

const MODEL: Model = Model {
    limit: 200,
    window: Duration::from_secs(60),
    aligned: false,
    latency: Duration::from_millis(300),
    of_others: 0,
};

fn client(server: &Arc<AccountServer>, share: f64) -> Client {
    let settings = Settings { read_share: share, write_share: share, ..settings() };
    Client::new(settings, server.clone(), None).unwrap()
}

/// Runs in paused time until all of it is done or so long has passed.
fn in_paused_time<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(work)
}

/// Leave for one write now, if no ticket goes first.
fn permit(client: &Client, priority: Priority) -> Result<Permit, Error> {
    client.enqueue(Class::Write, priority, || ()).redeem()
}

/// Someone who always has one more deletion to make: its ids are `li<name>x<count>`.
async fn busy(client: Client, class: Class, priority: Priority, name: String) {
    for count in 0_u64.. {
        let permit = client.permit(class, priority).await;
        let id = format!("li{name}x{count}");
        let _ = match class {
            Class::Write => client.send_with(permit, delete(&id)).await.map(|_| ()),
            Class::Read => client.send_with(permit, get(&id)).await.map(|_| ()),
        };
    }
}

/// Has so many busy ones of each priority at work for so long.
async fn flood(client: &Client, class: Class, workers: [usize; 4], time: Duration) {
    let mut tasks = tokio::task::JoinSet::new();
    for (priority, workers) in Priority::ALL.into_iter().zip(workers) {
        for worker in 0..workers {
            tasks.spawn(busy(
                client.clone(),
                class,
                priority,
                format!("{}w{worker}", priority.as_str().replace('_', "")),
            ));
        }
    }
    tokio::time::sleep(time).await;
}

fn count(server: &AccountServer, priority: Priority) -> u64 {
    let beginning = format!("/live-streams/li{}w", priority.as_str().replace('_', ""));
    server.handled().iter().filter(|call| call.path.starts_with(&beginning)).count() as u64
}

fn model() -> impl Strategy<Value = Model> {
    let latency = (20_u64..800).prop_map(Duration::from_millis);
    let window = (20_u64..90).prop_map(Duration::from_secs);
    (30_u64..600, window, any::<bool>(), latency).prop_map(|(limit, window, aligned, latency)| Model {
        limit,
        window,
        aligned,
        latency,
        of_others: 0,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Where there is always work: no window counts more than the share, no call
    /// is refused, and 97 % of what could be used is.
    #[test]
    fn the_share_is_used_and_never_exceeded(model in model(), share in 0.3_f64..=1.0, seed: u64, writes: bool) {
        const WINDOWS: u32 = 30;
        let class = if writes { Class::Write } else { Class::Read };
        let (handled, worst) = in_paused_time(async {
            let server = AccountServer::new(model, seed);
            flood(&client(&server, share), class, [0, 40, 20, 20], model.window * WINDOWS).await;
            (server.handled(), server.worst())
        });
        let usable = ((model.limit as f64 * share + 1e-9).floor() as u64).max(1);
        prop_assert_eq!(handled.iter().filter(|call| call.refused).count(), 0);
        prop_assert!(worst.0.max(worst.1) <= usable, "{:?} of {}", worst, usable);
        let used = handled.len() as f64 / (usable * u64::from(WINDOWS)) as f64;
        prop_assert!(used >= 0.97, "{used} of {usable} in each of {WINDOWS} windows");
    }

    /// However many wait with a higher priority, each priority gets its floor.
    #[test]
    fn no_priority_starves(workers in prop::array::uniform4(10_usize..60), seed: u64) {
        let server = in_paused_time(async {
            let server = AccountServer::new(MODEL, seed);
            flood(&client(&server, 0.9), Class::Write, workers, Duration::from_secs(600)).await;
            server
        });
        let total = server.handled().len() as u64;
        // One call in five after four changes, and one in ten for each of the others, less what is under way.
        for (priority, part) in [(Priority::Creation, 8), (Priority::DriftCorrection, 14), (Priority::Background, 14)] {
            let served = count(&server, priority);
            prop_assert!(served >= total / part, "{priority:?}: {served} of {total}");
        }
        // A change is served first, though a few of them are never enough for all that there is.
        prop_assert!(count(&server, Priority::UserChange) >= total / 3);
    }

    /// Who waits with the same priority is served in the order of coming, and a
    /// change overtakes whatever waits.
    #[test]
    fn equals_are_served_in_order_and_a_change_overtakes(seed: u64, waiting in 200_usize..600, later in 1_u64..500) {
        let order = Arc::new(Mutex::new(Vec::new()));
        let changed = in_paused_time(async {
            let server = AccountServer::new(Model { latency: Duration::from_millis(100), ..MODEL }, seed);
            let client = client(&server, 0.9);
            let mut tasks = tokio::task::JoinSet::new();
            for number in 0..waiting {
                let (client, order) = (client.clone(), Arc::clone(&order));
                tasks.spawn(async move {
                    let permit = client.permit(Class::Write, Priority::Creation).await;
                    order.lock().unwrap().push(number);
                    let _ = client.send_with(permit, delete("li1")).await;
                });
            }
            tokio::time::sleep(Duration::from_millis(later * 10)).await;
            // In a task of its own, like the creations: the main future is polled less often.
            let (client, order) = (client.clone(), Arc::clone(&order));
            let change = tokio::spawn(async move {
                let before = order.lock().unwrap().len();
                let permit = client.permit(Class::Write, Priority::UserChange).await;
                let overtaken_by = order.lock().unwrap().len() - before;
                drop(permit);
                overtaken_by
            });
            let overtaken_by = change.await.unwrap();
            while tasks.join_next().await.is_some() {}
            overtaken_by
        });
        prop_assert!(changed <= 4, "{changed} creations went before the change");
        let order = order.lock().unwrap();
        prop_assert!(order.is_sorted(), "{order:?}");
        prop_assert_eq!(order.len(), waiting);
    }

    /// Another client of the account eats of the same limit, more or less than is
    /// left to it: what it uses is not used again, and nothing is refused.
    #[test]
    fn what_others_use_is_left_alone(of_others in 0_u64..=200, seed: u64) {
        let server = in_paused_time(async {
            let server = AccountServer::new(Model { of_others, ..MODEL }, seed);
            flood(&client(&server, 0.9), Class::Write, [5, 20, 0, 0], Duration::from_secs(480)).await;
            server
        });
        // Where others have used up all, the first calls of a window can only find out; where they
        // begin to, the window that is under way was counted on.
        let refused = server.handled().iter().filter(|call| call.refused).count();
        let surprised = if of_others > 20 { 32 * 8 } else { 0 };
        prop_assert!(refused <= surprised, "{refused} refused");
        prop_assert!(server.worst().1 <= 180.min(200 - of_others));
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_changes_is_followed() {
    let server = AccountServer::new(MODEL, 7);
    let client = client(&server, 0.9);
    let before = client.clone();
    let flooding =
        tokio::spawn(
            async move { flood(&before, Class::Write, [0, 40, 0, 0], Duration::from_secs(3000)).await },
        );
    for (limit, windows) in [(200_u64, 4_u32), (40, 4), (1000, 4)] {
        server.set_limit(limit);
        // The window that is under way when the limit changes may be neither.
        tokio::time::sleep(MODEL.window * 2).await;
        let known = server.handled().len();
        tokio::time::sleep(MODEL.window * windows).await;
        let handled = server.handled();
        let served = handled[known..].iter().filter(|call| !call.refused).count() as f64;
        let usable = (limit as f64 * 0.9 * f64::from(windows)).floor();
        assert!(served >= 0.97 * usable && served <= usable * 1.25, "{served} of {usable} at {limit}");
        assert_eq!(handled[known..].iter().filter(|call| call.refused).count(), 0, "at {limit}");
    }
    flooding.abort();
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
    let waiting: u64 = client.waiting().iter().map(|waiting| waiting.calls).sum();
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
    let oldest = client.waiting().into_iter().map(|waiting| waiting.oldest).max();
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
    let waiting: u64 = client.waiting().iter().map(|waiting| waiting.calls).sum();
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
