//! Selects the format that a client prefers.

use crate::render::syntax::Format;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// Returns OpenMetrics if the client names it and does not prefer Prometheus' own text, or else that text.
pub(crate) fn format(headers: &HeaderMap) -> Format {
    let wishes = Wishes::of(headers);
    let open = wishes.open.unwrap_or_default();
    if open > 0.0 && open >= wishes.text.or(wishes.any).unwrap_or_default() {
        Format::OpenMetrics
    } else {
        Format::Prometheus
    }
}

/// Whether the client names protocol buffers and does not prefer text.
#[cfg(feature = "native-histograms")]
pub(crate) fn takes_protobuf(headers: &HeaderMap) -> bool {
    let wishes = Wishes::of(headers);
    let text = [wishes.open, wishes.text].into_iter().flatten().fold(0.0, f32::max);
    wishes.protobuf.is_some_and(|it| it > 0.0 && it >= text)
}

/// The client's weight for each format, from 0 to 1; `None` if it does not name the format.
#[derive(Debug, Default)]
struct Wishes {
    open: Option<f32>,
    text: Option<f32>,
    any: Option<f32>,
    protobuf: Option<f32>,
}

impl Wishes {
    fn of(headers: &HeaderMap) -> Self {
        let mut wishes = Self::default();
        let values = headers.get_all(ACCEPT).into_iter().filter_map(|it| it.to_str().ok());
        for range in values.flat_map(|it| it.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let (mut weight, mut version, mut encoding) = (Some(1.0), "", "");
            for (key, value) in parts.filter_map(|it| it.split_once('=')) {
                match key.trim().to_ascii_lowercase().as_str() {
                    "q" => weight = value.trim().parse::<f32>().ok(),
                    "version" => version = value.trim().trim_matches('"'),
                    "encoding" => encoding = value.trim(),
                    _ => (),
                }
            }
            let place = match (name.as_str(), version, encoding) {
                ("application/openmetrics-text", "" | "1.0.0", _) => &mut wishes.open,
                ("text/plain", "" | "0.0.4", _) => &mut wishes.text,
                ("application/vnd.google.protobuf", _, "delimited") => &mut wishes.protobuf,
                ("text/*" | "*/*", _, _) => &mut wishes.any,
                _ => continue,
            };
            // If a format occurs twice, the higher weight applies.
            let weight = weight.filter(|it| (0.0..=1.0).contains(it)).unwrap_or_default();
            *place = Some(place.map_or(weight, |before: f32| before.max(weight)));
        }
        wishes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn openmetrics_is_for_those_who_ask() {
        use Format::{OpenMetrics, Prometheus};
        for (value, expected) in [
            ("", Prometheus),
            ("*/*", Prometheus),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Prometheus),
            ("text/plain; version=0.0.4", Prometheus),
            ("application/openmetrics-text", OpenMetrics),
            ("Application/OpenMetrics-Text; Version=1.0.0", OpenMetrics),
            ("application/openmetrics-text;version=\"1.0.0\";charset=utf-8", OpenMetrics),
            ("application/openmetrics-text;version=0.0.1", Prometheus),
            ("application/openmetrics-text;version=2.0.0,*/*;q=0.1", Prometheus),
            ("application/openmetrics-text;q=0", Prometheus),
            ("application/openmetrics-text;q=x", Prometheus),
            ("application/openmetrics-text;q=0.3,text/plain;q=0.5", Prometheus),
            ("application/openmetrics-text;q=0.5,*/*;q=0.6", Prometheus),
            // Headers of Prometheus 2 and 3.
            (
                "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,\
                 text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                 application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                 text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                OpenMetrics,
            ),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))]);
            assert_eq!(format(&headers), expected, "{value}");
        }
        assert_eq!(format(&HeaderMap::new()), Prometheus);
    }

    #[test]
    #[cfg(feature = "native-histograms")]
    fn protobuf_is_for_those_who_want_nothing_more() {
        for (value, expected) in [
            ("text/plain", false),
            ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", false),
            // The header of Prometheus with native histograms enabled.
            (
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,\
                 application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                true,
            ),
            ("application/vnd.google.protobuf;encoding=delimited;q=0.2,text/plain;q=0.3", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))]);
            assert_eq!(takes_protobuf(&headers), expected, "{value}");
        }
    }
}
