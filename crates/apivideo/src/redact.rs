//! Text of the API on its way into an error: bounded, one line, without secrets.

use crate::Secret;

/// The most characters that an error repeats of what the API said.
pub(crate) const MAX_CHARS: usize = 300;

/// Stands for a text that may hold a secret.
const LEFT_OUT: &str = "(its text is left out, for it may hold a secret)";

/// Where one of these stands in a raw body, a secret stands beside it.
const TRACES: [&str; 7] =
    ["streamkey", "stream_key", "apikey", "access_token", "refresh", "bearer", "authorization"];

/// What stands in the address of a private stream, before its token.
const PRIVATE: [&str; 2] = ["/private/", "token="];

/// A body that isn't a problem of the API, such as a proxy's page: left out
/// as a whole when it has a known secret or a trace of any secret in it.
pub(crate) fn of_body(body: &[u8], secrets: &[Secret]) -> String {
    let text = String::from_utf8_lossy(body);
    let lower = text.to_ascii_lowercase();
    if TRACES.iter().any(|trace| lower.contains(trace)) {
        return LEFT_OUT.to_owned();
    }
    of_text(&text, secrets)
}

/// A sentence of the API or of the wire: left out only when it has a known secret
/// or the address of a private stream in it.
pub(crate) fn of_text(text: &str, secrets: &[Secret]) -> String {
    // Looked for in the whole text: a cut could leave half a secret, which no search finds.
    let secret = secrets.iter().map(Secret::expose).any(|secret| !secret.is_empty() && text.contains(secret));
    if secret || is_private(text) {
        return LEFT_OUT.to_owned();
    }
    let words = text.split(|c: char| c.is_whitespace() || is_invisible(c)).filter(|word| !word.is_empty());
    let mut line = words.take(MAX_CHARS + 1).collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(MAX_CHARS) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// Whether a text has the address of a private stream in it. A raw JSON body may
/// write its slashes as `\\/`, as PHP does.
pub(crate) fn is_private(text: &str) -> bool {
    let plain = text.replace('\\', "").to_ascii_lowercase();
    PRIVATE.iter().any(|mark| plain.contains(mark))
}

/// Control characters, and those that turn the direction of a terminal's text.
fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_becomes_one_bounded_line() {
        assert_eq!(of_text("a\r\n\tb\u{1b}[31m  c\u{0}", &[]), "a b [31m c");
        let long = of_text(&"é".repeat(1000), &[]);
        assert_eq!((long.chars().count(), long.ends_with('…')), (MAX_CHARS + 1, true));
        assert_eq!(of_text(&"é".repeat(MAX_CHARS), &[]).chars().count(), MAX_CHARS);
    }

    #[test]
    fn a_known_secret_takes_the_whole_text_with_it() {
        let secrets = [Secret::from("k3y"), Secret::from("")];
        assert_eq!(of_text("the key k3y is wrong", &secrets), LEFT_OUT);
        assert_eq!(of_text("the key is wrong", &secrets), "the key is wrong");
        let beyond_the_cut = format!("{} k3y", "x".repeat(900));
        assert_eq!(of_text(&beyond_the_cut, &secrets), LEFT_OUT);
    }

    #[test]
    fn a_body_with_the_trace_of_a_secret_is_left_out() {
        for body in [
            r#"{"streamKey": "abc"}"#,
            "Authorization: abc",
            "https://live.api.video/private/abc/li1.m3u8",
            r#"{"hls": "https:\/\/live.api.video\/private\/abc\/li1.m3u8"}"#,
            "<iframe src='https://embed.api.video/live/li1?token=abc'>",
            r#"{"access_token": "abc"}"#,
        ] {
            assert_eq!(of_body(body.as_bytes(), &[]), LEFT_OUT);
        }
        assert_eq!(of_body(b"<h1>Bad gateway</h1>\n\xff", &[]), "<h1>Bad gateway</h1> \u{fffd}");
    }

    proptest! {
        #[test]
        fn any_text_is_bounded_and_holds_no_secret_and_no_control(text in any::<String>(), secret in "[a-z0-9]{3,8}") {
            let hidden = format!("{text}{secret}{text}");
            for line in [of_text(&text, &[]), of_body(hidden.as_bytes(), &[Secret::from(secret.as_str())])] {
                prop_assert!(line.chars().count() <= MAX_CHARS + 1);
                prop_assert!(!line.chars().any(char::is_control));
            }
            prop_assert_eq!(of_text(&hidden, &[Secret::from(secret)]), LEFT_OUT);
        }
    }
}
