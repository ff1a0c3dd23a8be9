//! The account's one queue, against a model of the server's windows: never
//! beyond the limit, nearly all of it used, in order, and nobody starves.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use apivideo::{Class, Client, Priority, delete, get};
use proptest::prelude::*;

use crate::account_server::{AccountServer, MODEL, Model, client};

/// Runs in paused time until all of it is done or so long has passed.
fn in_paused_time<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(work)
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
