//! The HTTP part: who this server is, fresh ids, who is connected, the demo, and the way to the websocket.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, LOCATION, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE, VARY,
};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::assets::{Asset, Assets, Keep};
use crate::demo;
use crate::options::Demo;
use crate::routes::Route;
use crate::shared::{Place, Shared};
use crate::socket::{self, Greeting};
use crate::{accept, cors};

type Answer = Response<Full<Bytes>>;

/// Answers one request. `place` is the connection's, kept by a websocket that comes out of it.
pub(crate) async fn answer<B>(
    shared: Arc<Shared>,
    place: Arc<Place>,
    mut request: Request<B>,
) -> Result<Answer, Infallible> {
    if asks_for_websocket(request.headers()) {
        return Ok(upgrade(&shared, place, &mut request));
    }
    let headers = request.headers();
    let route = shared.routes.find(request.uri().path());
    if route == Route::Elsewhere {
        return Ok(cannot(&request));
    }
    let mut answer = match *request.method() {
        Method::OPTIONS => {
            let mut answer = empty(StatusCode::NO_CONTENT);
            cors::allow_request(headers, answer.headers_mut());
            answer
        }
        Method::GET | Method::HEAD => match route {
            Route::Root => root(&shared, headers),
            Route::FreshId => text(
                StatusCode::OK,
                "text/html; charset=utf-8",
                shared.fresh_id(),
            ),
            Route::Peers if shared.allow_discovery => {
                let ids: Vec<_> = shared
                    .hub
                    .ids()
                    .iter()
                    .map(|id| serde_json::Value::from(&**id))
                    .collect();
                let json = serde_json::Value::from(ids).to_string();
                text(StatusCode::OK, "application/json; charset=utf-8", json)
            }
            Route::Peers => text(
                StatusCode::UNAUTHORIZED,
                "text/plain; charset=utf-8",
                "Unauthorized",
            ),
            Route::DemoWithoutSlash if !matches!(shared.demo, Demo::Off) => to_demo(&shared),
            Route::Demo(file) => match demo_file(&shared, headers, file).await {
                Some(answer) => answer,
                None => cannot(&request),
            },
            Route::Malformed => text(
                StatusCode::BAD_REQUEST,
                "text/plain; charset=utf-8",
                "Bad Request",
            ),
            Route::DemoWithoutSlash | Route::Unknown | Route::Elsewhere => cannot(&request),
        },
        _ => cannot(&request),
    };
    cors::allow_origin(&shared.cors, headers, answer.headers_mut());
    Ok(answer)
}

fn root(shared: &Shared, headers: &HeaderMap) -> Answer {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let mut answer = if !matches!(shared.demo, Demo::Off) && accept::prefers_html(accept) {
        to_demo(shared)
    } else {
        let about = serde_json::json!({
            "name": "PeerJS Server",
            "description": "Connects browsers and programs with each other: a signalling server for PeerJS clients.",
            "website": "https://peerjs.com/",
        });
        text(
            StatusCode::OK,
            "application/json; charset=utf-8",
            about.to_string(),
        )
    };
    answer
        .headers_mut()
        .append(VARY, HeaderValue::from_static("Accept"));
    answer
}

fn to_demo(shared: &Shared) -> Answer {
    let mut answer = empty(StatusCode::FOUND);
    // The prefix comes from the command line; one that no header can hold leads nowhere.
    if let Ok(location) = HeaderValue::try_from(format!("{}demo/", shared.routes.base())) {
        answer.headers_mut().insert(LOCATION, location);
    }
    answer
}

async fn demo_file(shared: &Arc<Shared>, headers: &HeaderMap, file: &str) -> Option<Answer> {
    let answer = match &shared.demo {
        Demo::Off => return None,
        _ if file == "config.json" => {
            let json = demo::config_json(
                headers,
                shared.routes.base(),
                &shared.key,
                shared.local.port(),
                shared.tls,
                shared.proxied,
                &shared.ice_servers,
            );
            text(StatusCode::OK, "application/json; charset=utf-8", json)
        }
        Demo::Missing => text(
            StatusCode::NOT_FOUND,
            "text/html; charset=utf-8",
            demo::MISSING_PAGE,
        ),
        Demo::Files(assets) => {
            let (assets, path) = (Arc::clone(assets), demo::asset_path(file)?);
            let asset = tokio::task::spawn_blocking(move || Assets::get(&*assets, &path))
                .await
                .ok()??;
            return Some(asset_answer(headers, asset));
        }
    };
    Some(ask_again(answer))
}

/// A file, in the form that this client takes and in no other than it has already.
fn asset_answer(headers: &HeaderMap, asset: Asset) -> Answer {
    let accepted = headers.get(ACCEPT_ENCODING);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    let gzip = asset.gzip.clone().filter(|_| accept::takes_gzip(accepted));
    // Weak: it stands for the content, whatever its form.
    let tag = match asset.keep {
        Keep::UnlessChanged(hash) => Some(format!("W/\"{hash:016x}\"")),
        Keep::Ask | Keep::ForGood => None,
    };
    let has_it = tag.as_deref().is_some_and(|tag| has_tag(headers, tag));
    let mut answer = if has_it {
        empty(StatusCode::NOT_MODIFIED)
    } else if let Some(gzip) = gzip {
        let mut answer = text(StatusCode::OK, asset.mime, gzip);
        answer
            .headers_mut()
            .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        answer
    } else {
        text(StatusCode::OK, asset.mime, asset.bytes)
    };
    if asset.gzip.is_some() {
        answer
            .headers_mut()
            .append(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    if let Some(tag) = tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
        answer.headers_mut().insert(ETAG, tag);
    }
    if asset.keep != Keep::ForGood {
        return ask_again(answer);
    }
    let for_good = HeaderValue::from_static("public, max-age=31536000, immutable");
    answer.headers_mut().insert(CACHE_CONTROL, for_good);
    answer
}

/// Whether the client says that it has the content with this tag.
fn has_tag(headers: &HeaderMap, tag: &str) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|had| had.trim() == "*" || strong(had) == strong(tag))
}

fn ask_again(mut answer: Answer) -> Answer {
    answer
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}

fn asks_for_websocket(headers: &HeaderMap) -> bool {
    has_token(headers, UPGRADE, "websocket")
}

/// Whether a comma-separated header names `token`.
fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let values = headers.get_all(name);
    values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Starts a websocket. Whether its client is admitted is said on the websocket: the handshake of a well-formed
/// request always succeeds.
fn upgrade<B>(shared: &Arc<Shared>, place: Arc<Place>, request: &mut Request<B>) -> Answer {
    let refuse =
        |why: &'static str| text(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", why);
    if request.method() != Method::GET {
        let mut answer = text(
            StatusCode::METHOD_NOT_ALLOWED,
            "text/plain; charset=utf-8",
            "Method Not Allowed",
        );
        answer
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET"));
        return answer;
    }
    if !shared.routes.is_socket(request.uri().path()) {
        return refuse("Bad Request: there is no websocket at this path");
    }
    let headers = request.headers();
    if headers
        .get(SEC_WEBSOCKET_VERSION)
        .is_none_or(|version| version != "13")
    {
        let mut answer = refuse("Bad Request: version 13 of the websocket protocol is spoken here");
        answer
            .headers_mut()
            .insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return answer;
    }
    let Some(key) = headers
        .get(SEC_WEBSOCKET_KEY)
        .filter(|_| has_token(headers, CONNECTION, "upgrade"))
    else {
        return refuse("Bad Request: not a websocket handshake");
    };
    let Ok(accept_key) = HeaderValue::try_from(derive_accept_key(key.as_bytes())) else {
        return refuse("Bad Request: not a websocket handshake");
    };
    let greeting = greeting(request.uri().query().unwrap_or_default());
    let upgrade = hyper::upgrade::on(request);
    let (hub, deadlines) = (Arc::clone(&shared.hub), shared.deadlines.clone());
    let frame_bytes = shared.frame_bytes;
    shared.tasks.spawn(async move {
        socket::run(hub, upgrade, greeting, frame_bytes, deadlines).await;
        drop(place);
    });
    let mut answer = empty(StatusCode::SWITCHING_PROTOCOLS);
    answer
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    answer
        .headers_mut()
        .insert(UPGRADE, HeaderValue::from_static("websocket"));
    answer
        .headers_mut()
        .insert(SEC_WEBSOCKET_ACCEPT, accept_key);
    answer
}

/// Reads the query. Of a repeated name the last value counts; a missing one is empty.
fn greeting(query: &str) -> Greeting {
    let mut greeting = Greeting {
        key: String::new(),
        id: String::new(),
        token: String::new(),
    };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "key" => greeting.key = value.into_owned(),
            "id" => greeting.id = value.into_owned(),
            "token" => greeting.token = value.into_owned(),
            _ => {}
        }
    }
    greeting
}

fn text(status: StatusCode, mime: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(mime));
    answer
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    if status == StatusCode::FOUND {
        answer
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    answer
}

/// Not found, in the words of Express. The path is shown as text, whatever it says.
fn cannot<B>(request: &Request<B>) -> Answer {
    let mut page = format!(
        "<!DOCTYPE html>\n<title>Error</title>\n<pre>Cannot {} ",
        request.method()
    );
    for character in request.uri().path().chars().take(200) {
        match character {
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '&' => page.push_str("&amp;"),
            '"' => page.push_str("&quot;"),
            other => page.push(other),
        }
    }
    page.push_str("</pre>\n");
    text(StatusCode::NOT_FOUND, "text/html; charset=utf-8", page)
}
