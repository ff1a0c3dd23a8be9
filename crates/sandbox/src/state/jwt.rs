//! Access tokens that name their project: JSON Web Tokens that nobody signed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::generator::Generator;
use crate::key::ProjectClaim;

/// A token of `project` from `now` to `ends`. Only the sandbox can check it, by
/// remembering it: the third part is random.
pub(crate) fn token(
    project: &str,
    claim: ProjectClaim,
    generator: &mut Generator,
    now: Timestamp,
    ends: Timestamp,
) -> String {
    let header = json!({"typ": "JWT", "alg": "RS256"});
    let payload = match claim {
        ProjectClaim::ProjectId => {
            let (now, ends) = (fraction(now), fraction(ends));
            json!({"iat": now, "nbf": now, "exp": ends, "projectId": project})
        }
        ProjectClaim::ContextProject => {
            let (now, ends) = (now.as_second(), ends.as_second());
            let context = json!({"user": "usSandbox", "project": project, "member": "meSandbox"});
            json!({"iat": now, "nbf": now, "exp": ends, "context": context})
        }
    };
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(&header), part(&payload), generator.alphanumeric(64))
}

/// Seconds since 1970, with microseconds.
fn fraction(time: Timestamp) -> f64 {
    time.as_microsecond() as f64 / 1e6
}
