//! The console's files.

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// A file of the console.
struct Asset {
    path: &'static str,
    /// `ETag`.
    tag: &'static str,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
}

/// By path.
static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The page of every address that is no file.
const SHELL: &str = "/index.html";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Caracal</title>\
<h1>The console is not part of this build</h1>\
<p>Node.js 20.19 or newer was missing when this binary was built. Install it from nodejs.org and build again: \
<code>make up</code> builds the console as well. Everything but the console works.</p></html>";

/// Whether the console is part of this build.
pub fn is_built() -> bool {
    find(SHELL).is_some()
}

fn find(path: &str) -> Option<&'static Asset> {
    let found = ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    ASSETS.get(found)
}

/// The file of a path, or the console's page; nothing where a file is asked for that there is not.
pub(crate) fn serve(path: &str, asked: &HeaderMap) -> Option<Response> {
    if !is_built() {
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        return Some((StatusCode::OK, [(header::CONTENT_TYPE, html)], NOT_BUILT).into_response());
    }
    let is_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let asset = match find(path) {
        Some(asset) => asset,
        None if is_file => return None,
        None => find(SHELL)?,
    };
    // Names under here have the content in them.
    let kept = if asset.path.starts_with("/assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let seen = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok());
    let unchanged = seen.is_some_and(|tags| {
        tags.split(',')
            .any(|tag| tag.trim().trim_start_matches("W/") == asset.tag)
    });
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        content(asset, asked)
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, HeaderValue::from_static(asset.tag));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Some(response)
}

/// The smallest form that the browser takes.
fn content(asset: &'static Asset, asked: &HeaderMap) -> Response {
    let taken = asked
        .get(header::ACCEPT_ENCODING)
        .and_then(|taken| taken.to_str().ok())
        .unwrap_or_default();
    let takes = |name: &str| {
        taken.split(',').any(|one| {
            let mut parts = one.split(';').map(str::trim);
            parts.next() == Some(name)
                && parts.all(|part| !matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
    };
    let (encoding, bytes) = match (asset.brotli, asset.gzip) {
        (Some(bytes), _) if takes("br") => (Some("br"), bytes),
        (_, Some(bytes)) if takes("gzip") => (Some("gzip"), bytes),
        _ => (None, asset.plain),
    };
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(asset.path)));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "webmanifest") => "application/json",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
