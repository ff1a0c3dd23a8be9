//! Access tokens that name no project: the dots of a JSON Web Token are replaced on the
//! way to the operator, and put back on the way to the API.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use serde_json::Value;

/// The answer of `/auth` as the operator sees it.
pub(crate) fn hidden(answer: Response<Bytes>) -> Response<Bytes> {
    answer.map(|body| {
        let Ok(mut json) = serde_json::from_slice::<Value>(&body) else { return body };
        let Some(token) = json["access_token"].as_str().map(|token| token.replace('.', "~")) else {
            return body;
        };
        json["access_token"] = token.into();
        json.to_string().into()
    })
}

/// A request as the API sees it.
pub(crate) fn shown(mut request: Request<Bytes>) -> Request<Bytes> {
    let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(Ok(token)) = token.map(|token| HeaderValue::from_str(&token.replace('~', "."))) {
        request.headers_mut().insert(AUTHORIZATION, token);
    }
    request
}
