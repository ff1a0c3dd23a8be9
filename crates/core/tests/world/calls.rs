//! The calls to the API: what each does to the account, and what is taken for an answer.

use apivideo_operator_core::{
    facts::{intent::Intent, observation::AccountError},
    state::{
        outcome::{CallFailure, Cause, Outcome, Retry},
        search,
    },
    step::action::Action,
};

use crate::{
    model::{Id, NOBODY, Seen, World},
    shell::{Reconcile, Rules, claim, other_owner},
    step::{Broken, End},
    values,
};

/// A call about a stream, or a search.
pub(crate) fn call(
    reconcile: &mut Reconcile,
    action: &Action,
    end: End,
    rules: &Rules,
    broken: &mut Option<Broken>,
) -> Outcome {
    if end == End::Refused {
        return unavailable();
    }
    if end == End::Done {
        reconcile.world.process.as_mut().unwrap().clock = true;
    }
    let (i, me) = (reconcile.i, 1 << reconcile.i);
    let (id, payload) = match action {
        Action::Search { intent } => return search_for(reconcile, intent, rules),
        Action::Update { id, changes, .. } => {
            let name = changes.name.as_ref().expect("payloads differ in their names");
            (id, Some(u8::from(*name == values::desired(1).name)))
        }
        Action::Get { id } | Action::Delete { id } => (id, None),
        _ => unreachable!("{action:?} is no call"),
    };
    let number = values::number(id);
    let deletes = matches!(action, Action::Delete { .. });
    let stream = reconcile.world.stream_mut(number).expect("a slot for each id");
    let made = stream.maker == values::u8_of(i) || stream.given & me != 0;
    let allowed = made || !deletes && stream.wished & me != 0;
    if stream.exists && !allowed && !matches!(action, Action::Get { .. }) {
        *broken = Some(Broken::ForeignTouch);
    }
    stream.payload = payload.unwrap_or(stream.payload);
    let existed = stream.exists;
    stream.exists &= !deletes;
    if end == End::Lost {
        return unavailable();
    }
    stream.seen = if stream.exists { Seen::Present(stream.payload) } else { Seen::Gone };
    match (deletes, existed) {
        (true, _) => Outcome::Deleted,
        (false, true) => Outcome::Stream(Box::new(values::remote(number, stream))),
        (false, false) => Outcome::NotFound,
    }
}

/// A search over the whole list.
fn search_for(reconcile: &mut Reconcile, intent: &Intent, rules: &Rules) -> Outcome {
    let (i, world) = (reconcile.i, &mut reconcile.world);
    let mut process = world.process.unwrap();
    let free = world.existing().filter(|(id, _)| other_owner(world, &process, *id, i).is_none());
    let listed = free.map(|(id, stream)| values::remote(id, stream));
    let found = listed.filter(|remote| (rules.matches)(intent, remote)).collect();
    let payload = values::payload_of(intent);
    let other = process.entries[1 - i].open.filter(|open| open.payload == payload);
    let other = other.filter(|_| world.objects[1 - i].exists).map(|open| values::intent(1 - i, open));
    let result = search::judge(found, other.as_ref().as_slice(), values::timing());
    if let search::SearchResult::Found(remote) = &result {
        let id = values::number(&remote.id);
        attribute(world, i, id, intent.matches(remote, values::timing()));
        claim(&mut process, i, id);
        let stream = world.stream_mut(id).unwrap();
        stream.seen = Seen::Present(stream.payload);
    }
    world.process = Some(process);
    Outcome::Searched(result)
}

/// A search has found a stream. Nobody can know which of two creates of equal payload has
/// made it: they exchange what they have made. Nor can a stranger's be told from
/// one that this create may have made, and has not.
fn attribute(world: &mut World, i: usize, id: Id, matches: bool) {
    let (me, other) = (values::u8_of(i), values::u8_of(1 - i));
    let maker = world.stream(id).unwrap().maker;
    let payload = world.stream(id).unwrap().payload;
    let open = |i: usize| {
        let known = world.entry(i).and_then(|entry| entry.memory.create).map(|(asked, _)| asked);
        let intents = [world.objects[i].intent, known];
        world.objects[i].exists && intents.iter().flatten().any(|asked| asked.payload == payload)
    };
    let existing = world.existing().any(|(_, stream)| stream.maker == me);
    let late = world.late.iter().flatten().any(|late| late.maker == me);
    if maker == other && matches && open(1 - i) {
        let streams = world.streams.iter_mut().flatten().map(|stream| &mut stream.maker);
        let late = world.late.iter_mut().flatten().map(|late| &mut late.maker);
        streams.chain(late).filter(|maker| **maker == me).for_each(|maker| *maker = other);
        world.stream_mut(id).unwrap().maker = me;
    } else if maker == NOBODY && matches && !existing && !late {
        world.stream_mut(id).unwrap().given |= 1 << i;
    }
}

pub(crate) fn failed(cause: Cause, effect_unknown: bool) -> Outcome {
    Outcome::Failed(CallFailure { effect_unknown, cause, retry: Retry::AfterBackoff })
}

pub(crate) fn unavailable() -> Outcome {
    failed(Cause::Call(AccountError::Unavailable(String::new())), true)
}
