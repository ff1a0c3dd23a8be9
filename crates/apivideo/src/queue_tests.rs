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

/// Serves whoever has the first claim.
fn serve(queue: &mut Queue<usize>) -> Option<Priority> {
    let seat = queue.candidates().next()?;
    queue.leave(seat);
    queue.served(seat.priority);
    Some(seat.priority)
}

use Priority::{Background, Creation, DriftCorrection, UserChange};

#[test]
fn the_higher_priority_is_first_and_among_equals_who_came_first() {
    let mut queue = queue(&[Background, Creation, UserChange, Creation]);
    let mut names = Vec::new();
    while let Some(seat) = queue.candidates().next() {
        names.push(queue.lane(seat.priority).unwrap().waiting[&seat.number].bell);
        queue.leave(seat);
        queue.served(seat.priority);
    }
    assert_eq!(names, [2, 1, 3, 0]);
}

#[test]
fn a_change_overtakes_five_thousand_creations() {
    let mut queue = queue(&[Creation; 5000]);
    for _ in 0..100 {
        assert_eq!(serve(&mut queue), Some(Creation));
    }
    assert_eq!(queue.ahead_of(UserChange), 0);
    assert_eq!(queue.ahead_of(Creation), 4900);
    queue.join(UserChange, 0, Instant::now());
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
fn who_came_just_now_waits_behind_its_equals_and_those_whose_patience_ended() {
    let mut queue = queue(&[Creation, Background]);
    let [creation, background] = [0, 1].map(|n| queue.candidates().nth(n).unwrap());
    assert!(!queue.goes_before(creation, UserChange));
    assert!(queue.goes_before(creation, Creation) && queue.goes_before(creation, DriftCorrection));
    assert!(!queue.goes_before(background, DriftCorrection));
    (0..9).for_each(|_| queue.served(UserChange));
    assert!(queue.goes_before(background, UserChange));
}

#[test]
fn patience_is_not_spent_while_nobody_waits() {
    let mut queue = queue(&[Background]);
    (0..8).for_each(|_| queue.served(UserChange));
    let seat = queue.candidates().next().unwrap();
    queue.leave(seat);
    (0..8).for_each(|_| queue.served(UserChange));
    queue.join(Background, 0, Instant::now());
    queue.join(UserChange, 1, Instant::now());
    assert_eq!(serve(&mut queue), Some(UserChange));
}

#[test]
fn it_tells_how_many_wait_and_how_long() {
    let start = Instant::now();
    let mut queue = Queue::new();
    let first = queue.join(Creation, (), start);
    queue.join(Creation, (), start + Duration::from_secs(5));
    let of = |queue: &Queue<()>| {
        let now = start + Duration::from_secs(7);
        let (_, count, oldest) = queue.waiting(now).find(|(priority, ..)| *priority == Creation).unwrap();
        (count, oldest.as_secs())
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
                let waits = queue.lane(priority).unwrap().head().is_some();
                waited[index] = if served == priority || !waits { 0 } else { waited[index] + 1 };
                // Its own patience, and one call of each other lane whose patience ended, too.
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
        while let Some(seat) = queue.candidates().next() {
            let higher_waits = queue.candidates().any(|other| other.priority < seat.priority);
            let lane = queue.lane(seat.priority).unwrap();
            let patience = lane.priority.starvation_limit();
            prop_assert!(!higher_waits || patience.is_some_and(|patience| lane.passed_over >= patience));
            serve(&mut queue);
        }
    }
}
