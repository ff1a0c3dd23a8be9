//! Which project an access token opens, where the token names it: a pure function.
//!
//! The token is a JSON Web Token whose payload has `projectId` or, in an older published
//! example, `context.project`. Any other token is opaque, and names none. Its
//! signature is the API's to check: a wrong answer to this can only come from
//! whoever answers for the API, who could as well answer anything else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// A longer token, in bytes, is no token: it would go with every call, which no server takes.
pub(crate) const MAX_TOKEN: usize = 16 * 1024;

/// A longer project id is none: it is shown, and stored with each binding.
const MAX_ID: usize = 128;

/// The project that an access token names.
pub(crate) fn of_token(token: &str) -> Option<String> {
    let mut parts = Some(token).filter(|token| token.len() <= MAX_TOKEN)?.split('.');
    let (Some(_header), Some(payload), Some(_signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    [payload.get("projectId"), payload.pointer("/context/project")].into_iter().flatten().find_map(id)
}

/// Text that can be shown in one word.
fn id(claim: &Value) -> Option<String> {
    let id = claim.as_str()?;
    let sane = (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    sane.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE;
    use proptest::prelude::*;

    use super::*;

    fn token(payload: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn a_project_is_named_by_either_claim() {
        for payload in [
            r#"{"projectId": "pr1"}"#,
            r#"{"iat": 1767225600.123456, "nbf": 1767225600.1, "exp": 1767229200.5, "projectId": "pr1"}"#,
            r#"{"iat": 1767225600, "context": {"user": "us1", "project": "pr1", "member": "me1"}}"#,
            r#"{"projectId": "pr1", "context": {"project": "pr2"}}"#,
            r#"{"projectId": null, "context": {"project": "pr1"}}"#,
            r#"{"projectId": 7, "context": {"project": "pr1"}}"#,
            r#"{"note": "ÿ>?~", "projectId": "pr1"}"#,
        ] {
            assert_eq!(of_token(&token(payload)).as_deref(), Some("pr1"), "{payload}");
        }
        let unsigned = format!("e30.{}.", URL_SAFE_NO_PAD.encode(r#"{"projectId": "pr1"}"#));
        assert_eq!(of_token(&unsigned).as_deref(), Some("pr1"));
    }

    #[test]
    fn a_payload_without_a_claim_that_can_be_one_names_none() {
        for payload in [
            "",
            "{}",
            "[]",
            "null",
            r#""pr1""#,
            "<p>",
            r#"{"projectId": "pr1""#,
            r#"{"project": "pr1"}"#,
            r#"{"projectId": ""}"#,
            r#"{"projectId": "pr 1"}"#,
            r#"{"projectId": "pr1\n"}"#,
            r#"{"projectId": "prß"}"#,
            r#"{"projectId": 1}"#,
            r#"{"projectId": ["pr1"]}"#,
            r#"{"projectId": {"id": "pr1"}}"#,
            r#"{"context": "pr1"}"#,
            r#"{"context": ["pr1"]}"#,
            r#"{"context": {"project": true}}"#,
        ] {
            assert_eq!(of_token(&token(payload)), None, "{payload}");
        }
        let id = |length| token(&format!(r#"{{"projectId": "{}"}}"#, "p".repeat(length)));
        assert_eq!(of_token(&id(MAX_ID)), Some("p".repeat(MAX_ID)));
        assert_eq!(of_token(&id(MAX_ID + 1)), None);
        let nested = "[".repeat(5000);
        assert_eq!(of_token(&token(&format!(r#"{{"projectId": "pr1", "x": {nested}"#))), None);
    }

    #[test]
    fn anything_but_a_json_web_token_is_opaque() {
        let payload = r#"{"projectId": "pr1"}"#;
        let (plain, padded) = (URL_SAFE_NO_PAD.encode(payload), URL_SAFE.encode(payload));
        assert_ne!(plain, padded);
        let long = format!("{}.{plain}.{}", "a", "s".repeat(MAX_TOKEN));
        for opaque in [
            "",
            ".",
            "..",
            "t0k",
            payload,
            &plain,
            &format!("a.{plain}"),
            &format!("a.{plain}.b.c"),
            &format!("a.{padded}.b"),
            &format!("a. {plain}.b"),
            "a.b+/c.d",
            "a.é.b",
            "a.////.b",
            &long,
        ] {
            assert_eq!(of_token(opaque), None, "{opaque:.80}");
        }
    }

    proptest! {
        #[test]
        fn any_text_names_a_sane_project_or_none(token in any::<String>()) {
            prop_assert_eq!(of_token(&token), None);
        }

        #[test]
        fn any_payload_names_a_sane_project_or_none(
            payload in prop_oneof![
                any::<String>(), r#"\{"projectId": ?"?.{0,40}"?\}"#, r#"\{"context": ?\{"project": ?"?.{0,40}"?\}\}"#,
            ]
        ) {
            if let Some(id) = of_token(&token(&payload)) {
                prop_assert!(!id.is_empty() && id.len() <= MAX_ID && id.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }

        #[test]
        fn a_project_is_read_back(id in "[!#-\\[\\]-~]{1,128}", context: bool) {
            let payload = match context {
                true => serde_json::json!({"context": {"project": id}}),
                false => serde_json::json!({"projectId": id, "exp": 1.5}),
            };
            prop_assert_eq!(of_token(&token(&payload.to_string())), Some(id));
        }
    }
}
