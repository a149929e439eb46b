//! Cross-origin headers: a page of another origin may read what this server answers.

use hyper::HeaderMap;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue, ORIGIN, VARY,
};

use crate::options::Cors;

/// Adds what every answer below the prefix carries.
pub(crate) fn allow_origin(cors: &Cors, request: &HeaderMap, answer: &mut HeaderMap) {
    answer.append(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = request.get(ORIGIN) else {
        return;
    };
    let allowed = match cors {
        Cors::Any => true,
        Cors::Only(origins) => origins
            .iter()
            .any(|allowed| allowed.as_bytes() == origin.as_bytes()),
    };
    if allowed {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
}

/// Adds what a preflight asks for: all methods, and whatever headers it names.
pub(crate) fn allow_request(request: &HeaderMap, answer: &mut HeaderMap) {
    answer.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE"),
    );
    answer.append(
        VARY,
        HeaderValue::from_static("Access-Control-Request-Headers"),
    );
    if let Some(headers) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
    }
}
