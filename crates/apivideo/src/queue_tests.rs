use proptest::prelude::*;

use super::*;

/// A queue in which each call is known by a number of the test's own.
fn queue(waiting: &[Priority]) -> Queue<usize> {
    let mut queue = Queue::new();
    waiting.iter().enumerate().for_each(|(name, priority)| {
        queue.join(*priority, name, Instant::now());
    });
    queue
}

/// Redeems the first candidate.
fn serve(queue: &mut Queue<usize>) -> Option<Priority> {
    let (id, _) = call(queue, Instant::now())?;
    queue.redeemed(id);
    Some(id.priority)
}

/// Calls the first candidate.
fn call(queue: &mut Queue<usize>, until: Instant) -> Option<(TicketId, usize)> {
    let id = queue.candidates().next()?;
    Some((id, queue.call(id, until)?))
}

use Priority::{Background, Creation, DriftCorrection, UserChange};

#[test]
fn a_higher_priority_is_first_and_equals_go_in_order() {
    let mut queue = queue(&[Background, Creation, UserChange, Creation]);
    let mut names = Vec::new();
    while let Some((_, name)) = call(&mut queue, Instant::now()) {
        names.push(name);
    }
    assert_eq!(names, [2, 1, 3, 0]);
}

#[test]
fn a_change_overtakes_five_thousand_creations() {
    let mut queue = queue(&[Creation; 5000]);
    for _ in 0..100 {
        assert_eq!(serve(&mut queue), Some(Creation));
    }
    let last = queue.join(Creation, 0, Instant::now());
    assert_eq!(queue.ahead(last), 4900);
    let change = queue.join(UserChange, 0, Instant::now());
    assert_eq!((queue.ahead(change), queue.ahead(last)), (0, 4901));
    assert_eq!(serve(&mut queue), Some(UserChange));
}

#[test]
fn a_lower_priority_gets_its_floor_and_no_more() {
    let mut queue = queue(&[vec![UserChange; 1000], vec![Creation; 1000], vec![Background; 1000]].concat());
    let served: Vec<_> = (0..500).filter_map(|_| serve(&mut queue)).collect();
    let count = |priority| served.iter().filter(|served| **served == priority).count();
    assert_eq!((count(UserChange), count(Creation), count(Background)), (364, 91, 45));
}

#[test]
fn a_newcomer_goes_behind_its_equals_and_starved_lanes() {
    let mut queue = queue(&[Creation, Background]);
    let first_of = |queue: &mut Queue<usize>, newcomer| {
        let id = queue.join(newcomer, 0, Instant::now());
        let first = queue.candidates().next() == Some(id);
        queue.leave(id);
        first
    };
    assert!(first_of(&mut queue, UserChange));
    assert!(!first_of(&mut queue, Creation) && !first_of(&mut queue, DriftCorrection));
    serve(&mut queue);
    assert!(first_of(&mut queue, DriftCorrection));
    (0..9).for_each(|_| queue.served(UserChange));
    assert!(!first_of(&mut queue, UserChange));
}

#[test]
fn a_lapsed_ticket_keeps_its_number_but_must_ask_again() {
    let start = Instant::now();
    let until = start + Duration::from_secs(2);
    let mut queue = queue(&[Creation, Creation, Creation]);
    let (lapsed, name) = call(&mut queue, until).unwrap();
    assert_eq!((name, queue.lapse(start), queue.lapse(until), queue.lapse(until)), (0, 0, 1, 0));
    assert!(queue.is_called(lapsed) && !queue.has_reservation(lapsed));
    assert_eq!(call(&mut queue, until).unwrap().1, 1, "the next one is called");
    queue.requeue(lapsed);
    assert!(!queue.is_called(lapsed));
    assert_eq!(call(&mut queue, until).unwrap().1, 0, "it goes before later ones");
}

#[test]
fn a_reservation_that_lapses_does_not_cost_its_lane_the_floor() {
    let now = Instant::now();
    let mut queue = queue(&[Background, Background, UserChange, UserChange]);
    (0..9).for_each(|_| queue.served(UserChange));
    assert_eq!(call(&mut queue, now).unwrap().0.priority, Background);
    assert_eq!(queue.candidates().next().unwrap().priority, UserChange);
    queue.lapse(now);
    assert_eq!(serve(&mut queue), Some(Background));
    assert_eq!(serve(&mut queue), Some(UserChange));
}

#[test]
fn an_empty_lane_does_not_starve() {
    let mut queue = queue(&[Background]);
    (0..8).for_each(|_| queue.served(UserChange));
    let id = queue.candidates().next().unwrap();
    queue.leave(id);
    (0..8).for_each(|_| queue.served(UserChange));
    queue.join(Background, 0, Instant::now());
    queue.join(UserChange, 1, Instant::now());
    assert_eq!(serve(&mut queue), Some(UserChange));
}

#[test]
fn it_counts_the_waiting_tickets_and_how_long_they_wait() {
    let start = Instant::now();
    let mut queue = Queue::new();
    let first = queue.join(Creation, (), start);
    queue.join(Creation, (), start + Duration::from_secs(5));
    let of = |queue: &Queue<()>| {
        let now = start + Duration::from_secs(7);
        let waiting = queue.waiting(now).find(|waiting| waiting.priority == Creation).unwrap();
        (waiting.calls, waiting.oldest.as_secs())
    };
    assert_eq!(of(&queue), (2, 7));
    queue.leave(first);
    assert_eq!(of(&queue), (1, 2));
}

proptest! {
    /// Whatever comes and goes: nobody waits for more calls than those before it
    /// in its own lane, each at the slowest pace that the floors allow.
    #[test]
    fn nobody_starves(
        steps in prop::collection::vec((0_u8..6, 0_usize..4), 1..600),
        flood in 0_usize..4,
    ) {
        let mut queue: Queue<usize> = Queue::new();
        // Calls served since the head of each lane became its head.
        let mut waited = [0_u32; 4];
        for (action, lane) in steps {
            let priority = Priority::ALL[if action < 3 { lane } else { flood }];
            queue.join(priority, 0, Instant::now());
            if action > 3 {
                continue;
            }
            let Some(served) = serve(&mut queue) else { continue };
            for (index, priority) in Priority::ALL.into_iter().enumerate() {
                let waits = queue.lane(priority).head().is_some();
                waited[index] = if served == priority || !waits { 0 } else { waited[index] + 1 };
                // Its own limit, and one call of each other starved lane.
                let bound = priority.starvation_limit().unwrap_or(0) + 3;
                prop_assert!(waited[index] <= bound, "{priority:?} waited for {}", waited[index]);
            }
        }
    }

    /// Nobody is passed over by a lower priority, but at the floor.
    #[test]
    fn a_lower_priority_goes_first_only_at_its_floor(waiting in prop::collection::vec(0_usize..4, 1..200)) {
        let waiting: Vec<_> = waiting.into_iter().map(|lane| Priority::ALL[lane]).collect();
        let mut queue = queue(&waiting);
        while let Some(id) = queue.candidates().next() {
            let higher_waits = queue.candidates().any(|other| other.priority < id.priority);
            let lane = queue.lane(id.priority);
            let limit = lane.priority.starvation_limit();
            prop_assert!(!higher_waits || limit.is_some_and(|limit| lane.passed_over >= limit));
            serve(&mut queue);
        }
    }
}
