//! The page and the files it loads, embedded in the program. This module knows no metrics: the page requests them
//! itself.

use crate::render::gzip;
use axum::Router;
use axum::body::Bytes;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Crc;
use std::sync::LazyLock;

/// Only scripts of the program itself run, and no other page may frame this one. There is no `unsafe-inline`: all texts
/// are data, but a mistake there must not suffice for an attack.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const DRAWING: &str = "image/svg+xml";
const TEXT: &str = "text/plain; charset=utf-8";

/// The page. `{live}` and `{root}` stand for the relative addresses of its scripts and of the endpoint.
const PAGE: &str = include_str!("page/index.html");

/// The files that the page loads from `live/`.
const ASSETS: &[(&str, &str, &[u8])] = &[
    ("alerts.js", SCRIPT, include_bytes!("page/alerts.js")),
    ("app.css", STYLE, include_bytes!("page/app.css")),
    ("app.js", SCRIPT, include_bytes!("page/app.js")),
    ("chart.js", SCRIPT, include_bytes!("page/chart.js")),
    ("detail.js", SCRIPT, include_bytes!("page/detail.js")),
    ("dom.js", SCRIPT, include_bytes!("page/dom.js")),
    ("format.js", SCRIPT, include_bytes!("page/format.js")),
    ("functions.js", SCRIPT, include_bytes!("page/functions.js")),
    ("heatmap.js", SCRIPT, include_bytes!("page/heatmap.js")),
    ("icon.svg", DRAWING, include_bytes!("page/icon.svg")),
    ("kinds.js", SCRIPT, include_bytes!("page/kinds.js")),
    ("net.js", SCRIPT, include_bytes!("page/net.js")),
    ("panel.js", SCRIPT, include_bytes!("page/panel.js")),
    ("poll.js", SCRIPT, include_bytes!("page/poll.js")),
    ("rows.js", SCRIPT, include_bytes!("page/rows.js")),
    ("series.js", SCRIPT, include_bytes!("page/series.js")),
    ("state.js", SCRIPT, include_bytes!("page/state.js")),
    ("status.js", SCRIPT, include_bytes!("page/status.js")),
    ("tables.js", SCRIPT, include_bytes!("page/tables.js")),
    ("theme.js", SCRIPT, include_bytes!("page/theme.js")),
    ("uPlot.LICENSE.txt", TEXT, include_bytes!("page/vendor/uPlot.LICENSE.txt")),
    ("uPlot.iife.min.js", SCRIPT, include_bytes!("page/vendor/uPlot.iife.min.js")),
    ("uPlot.min.css", STYLE, include_bytes!("page/vendor/uPlot.min.css")),
];

/// All files, compressed on the first request, so a program whose page is never opened does not pay for it.
static PACKED: LazyLock<Packed> = LazyLock::new(|| Packed {
    at_root: Asset::new(HTML, page("live/", "").into_bytes().into()),
    below: Asset::new(HTML, page("", "../").into_bytes().into()),
    loaded: ASSETS.iter().map(|(_, kind, bytes)| Asset::new(kind, Bytes::from_static(bytes))).collect(),
});

struct Packed {
    at_root: Asset,
    below: Asset,
    loaded: Vec<Asset>,
}

struct Asset {
    kind: &'static str,
    plain: Bytes,
    gzip: Option<Bytes>,
    tag: Option<HeaderValue>,
}

/// Answers with the page at an address beside `/metrics`.
pub(crate) async fn index(headers: HeaderMap) -> Response {
    PACKED.at_root.answer(&headers)
}

/// Returns the page at `/live`, for applications with their own `/`, and the files it loads.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let router = Router::new()
        .route("/live", get(index))
        .route("/live/", get(async |headers: HeaderMap| PACKED.below.answer(&headers)));
    ASSETS.iter().enumerate().fold(router, |router, (index, (name, ..))| {
        let answer = move |headers: HeaderMap| async move {
            PACKED.loaded.get(index).map_or_else(|| StatusCode::NOT_FOUND.into_response(), |it| it.answer(&headers))
        };
        router.route(&format!("/live/{name}"), get(answer))
    })
}

fn page(live: &str, root: &str) -> String {
    PAGE.replace("{live}", live).replace("{root}", root)
}

impl Asset {
    fn new(kind: &'static str, plain: Bytes) -> Self {
        let mut sum = Crc::new();
        sum.update(&plain);
        // A weak tag, since it is the same for the compressed and the uncompressed content.
        let tag = HeaderValue::try_from(format!("W/\"{:08x}-{:x}\"", sum.sum(), plain.len())).ok();
        Self { kind, gzip: gzip::whole(&plain).map(Bytes::from).ok(), plain, tag }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let known = headers.get_all(IF_NONE_MATCH).iter().any(|value| {
            let given = value.to_str().unwrap_or_default();
            given.split(',').any(|it| it.trim() == "*" || self.tag.as_ref().is_some_and(|tag| it.trim() == tag))
        });
        let packed = self.gzip.as_ref().filter(|_| gzip::is_accepted(headers));
        let mut response = match (known, packed) {
            (true, _) => StatusCode::NOT_MODIFIED.into_response(),
            (false, Some(packed)) => ([(CONTENT_ENCODING, "gzip")], packed.clone()).into_response(),
            (false, None) => self.plain.clone().into_response(),
        };
        let mut set = |name: HeaderName, value| drop(response.headers_mut().insert(name, value));
        for (name, value) in [
            (CONTENT_TYPE, self.kind),
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            (VARY, "accept-encoding"),
            // The browser revalidates each time and gets a 304, because another version of the program has another
            // page.
            (CACHE_CONTROL, "no-cache"),
        ] {
            set(name, HeaderValue::from_static(value));
        }
        if let Some(tag) = &self.tag {
            set(ETAG, tag.clone());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use axum::http::header::ACCEPT_ENCODING;

    fn ours() -> impl Iterator<Item = (&'static str, &'static str)> {
        let own = ASSETS.iter().filter(|(name, ..)| !name.starts_with("uPlot"));
        own.map(|(name, _, bytes)| (*name, str::from_utf8(bytes).unwrap())).chain([("index.html", PAGE)])
    }

    #[test]
    fn all_together_are_small() {
        let packed = PACKED.loaded.iter().chain([&PACKED.at_root]);
        let bytes: usize = packed.map(|it| it.gzip.as_ref().unwrap().len()).sum();
        assert!(bytes < 200 * 1024, "{bytes} bytes");
    }

    #[test]
    fn nothing_comes_from_elsewhere_and_no_text_becomes_markup() {
        for (name, text) in ours() {
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for forbidden in
                ["http://", "https://", "innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("]
            {
                assert!(!text.contains(forbidden), "{name} contains {forbidden}");
            }
        }
        assert!(!PAGE.contains("style=") && !PAGE.contains("<style") && !PAGE.contains(" onclick"));
    }

    #[test]
    fn all_loaded_files_exist() {
        let there = |name: &str| ASSETS.iter().any(|(it, ..)| *it == name);
        for (name, text) in ours() {
            let imported = text.split(" from \"./").skip(1);
            let loaded = text.split("{live}").skip(1);
            for rest in imported.chain(loaded) {
                let wanted = rest.split('"').next().unwrap_or_default();
                assert!(there(wanted), "{name} wants {wanted}");
            }
        }
    }

    #[test]
    fn a_page_below_a_folder_finds_what_it_loads() {
        assert!(page("live/", "").contains("src=\"live/app.js\""));
        assert!(page("", "../").contains("src=\"app.js\"") && page("", "../").contains("href=\"../metrics\""));
        assert!(!page("", "").contains('{'));
    }

    async fn ask(headers: &HeaderMap) -> (StatusCode, HeaderMap, Bytes) {
        let response = PACKED.at_root.answer(headers);
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, to_bytes(response.into_body(), usize::MAX).await.unwrap())
    }

    #[tokio::test]
    async fn it_is_sent_once_and_confirmed_from_then_on() {
        let (status, plain, body) = ask(&HeaderMap::new()).await;
        assert_eq!((status, &*body), (StatusCode::OK, page("live/", "").as_bytes()));
        let policy = plain[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"));
        assert!(!policy.contains("unsafe"));
        assert_eq!(
            (&plain[X_CONTENT_TYPE_OPTIONS], &plain[REFERRER_POLICY]),
            (&"nosniff".parse().unwrap(), &"no-referrer".parse().unwrap())
        );

        let gzip = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]);
        let (_, packed, body) = ask(&gzip).await;
        assert_eq!((&packed[CONTENT_ENCODING], &body[..2]), (&"gzip".parse().unwrap(), &[0x1f, 0x8b][..]));

        for (given, expected) in [
            (packed[ETAG].clone(), StatusCode::NOT_MODIFIED),
            (HeaderValue::from_static("*"), StatusCode::NOT_MODIFIED),
            (HeaderValue::from_static("\"other\", W/\"0-0\""), StatusCode::OK),
        ] {
            let (status, _, body) = ask(&HeaderMap::from_iter([(IF_NONE_MATCH, given)])).await;
            assert_eq!((status, body.is_empty()), (expected, expected == StatusCode::NOT_MODIFIED));
        }
    }
}
