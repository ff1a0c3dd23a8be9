//! When `spec.liveStreamId` may change, as rules of the API server: on the whole object,
//! because what is allowed depends on the stream that the status names.
//!
//! While no stream is bound, a wish may be added but neither changed nor removed: which
//! of two streams a create or an adoption under way ends with would depend on chance.
//! Once one is bound, the field may only become what is true already, so that a commit
//! that names another stream can always be taken back.

use kube::core::{Message, Reason, Rule};

/// Whether a stream is bound; only the operator writes the status.
const BOUND: &str = "has(oldSelf.status) && has(oldSelf.status.liveStreamId)";

/// Whether the field is as it was.
const UNCHANGED: &str = "has(self.spec.liveStreamId) == has(oldSelf.spec.liveStreamId) && \
    (!has(self.spec.liveStreamId) || self.spec.liveStreamId == oldSelf.spec.liveStreamId)";

/// While no stream is bound: added, or left as it is.
pub(super) fn while_unbound() -> Rule {
    let rule = format!("({BOUND}) || !has(oldSelf.spec.liveStreamId) || ({UNCHANGED})");
    let message = "'liveStreamId can\\'t be changed or removed before the stream is bound: write liveStreamId: ' + \
        oldSelf.spec.liveStreamId + ', or create another LiveStream to adopt another stream'";
    refusal(rule, message)
}

/// Once a stream is bound: its id, or removed if it names another.
pub(super) fn once_bound() -> Rule {
    let rule = format!(
        "!({BOUND}) || ({UNCHANGED}) || (has(self.spec.liveStreamId) \
         ? self.spec.liveStreamId == oldSelf.status.liveStreamId \
         : oldSelf.spec.liveStreamId != oldSelf.status.liveStreamId)"
    );
    let message = "'liveStreamId can only become the id of the stream that is bound: write liveStreamId: ' + \
        oldSelf.status.liveStreamId + ', or create another LiveStream to adopt another stream'";
    refusal(rule, message)
}

fn refusal(rule: String, message: &str) -> Rule {
    Rule::new(rule)
        .message(Message::Expression(message.to_owned()))
        .field_path(".spec.liveStreamId")
        .reason(Reason::FieldValueForbidden)
}
