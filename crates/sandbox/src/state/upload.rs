//! Thumbnails: an upload is checked and then dropped.

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;

const MAX_IMAGE: usize = 8 * 1024 * 1024;

/// Why the body isn't a multipart form with an image of at most 8 MiB in its
/// part `file`; `None`: it is.
pub(crate) fn refusal(request: &Request<Bytes>) -> Option<&'static str> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = content_type.and_then(boundary);
    let Some(file) = boundary.and_then(|boundary| file_part(request.body(), &boundary)) else {
        return Some("The body should be multipart/form-data with the image in its part `file`.");
    };
    (file.len() > MAX_IMAGE).then_some("The image is too large. It should have 8 MiB or less.")
}

fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters.split(';').find_map(|each| each.trim().strip_prefix("boundary="))?;
    let boundary = boundary.trim_matches('"');
    (!boundary.is_empty()).then(|| format!("--{boundary}"))
}

/// The content of the part named `file`.
fn file_part<'a>(body: &'a [u8], delimiter: &str) -> Option<&'a [u8]> {
    let mut rest = after(body, delimiter.as_bytes())?;
    let end_of_part = format!("\r\n{delimiter}");
    while let Some(content) = after(rest, b"\r\n\r\n") {
        let headers = rest.get(..rest.len() - content.len())?;
        let end = find(content, end_of_part.as_bytes())?;
        if find(headers, b"name=\"file\"").is_some() {
            return content.get(..end);
        }
        rest = content.get(end + end_of_part.len()..)?;
    }
    None
}

fn after<'a>(bytes: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    bytes.get(find(bytes, wanted)? + wanted.len()..)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(part: &str, size: usize) -> Request<Bytes> {
        let mut body = b"--B\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--B\r\n".to_vec();
        body.extend(
            format!("Content-Disposition: form-data; name=\"{part}\"; filename=\"a.jpg\"\r\n\r\n").bytes(),
        );
        body.extend(std::iter::repeat_n(7, size));
        body.extend(b"\r\n--B--\r\n");
        let request = Request::builder().header(CONTENT_TYPE, "multipart/form-data; boundary=B");
        request.body(body.into()).unwrap()
    }

    #[test]
    fn an_image_of_up_to_8_mib_is_accepted() {
        assert_eq!(refusal(&form("file", MAX_IMAGE)), None);
        assert!(refusal(&form("file", MAX_IMAGE + 1)).unwrap().contains("8 MiB"));
    }

    #[test]
    fn anything_but_a_form_with_a_file_is_refused() {
        assert!(refusal(&form("picture", 1)).is_some());
        assert!(refusal(&Request::new(Bytes::from_static(b"{}"))).is_some());
        let (parts, _) = form("file", 1).into_parts();
        assert!(
            refusal(&Request::from_parts(parts, Bytes::from_static(b"--B\r\n name=\"file\"\r\n\r\ncut")))
                .is_some()
        );
    }
}
