//! Converts our text to a Prometheus remote write message. The text is the source so that the message has the same
//! series with the same consistent numbers.
//! <https://prometheus.io/docs/specs/prw/remote_write_spec/>

use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    /// Sorted by name.
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    /// Milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

/// Returns the compressed message. A series keeps its own label if one of `labels` has the same name.
pub(crate) fn encode(text: &str, labels: &[(String, String)], timestamp: i64) -> Result<Vec<u8>, String> {
    let lines = text.lines().filter(|it| !it.is_empty() && !it.starts_with('#'));
    let timeseries = lines.filter_map(|it| series(it, labels, timestamp)).collect();
    let message = WriteRequest { timeseries }.encode_to_vec();
    snap::raw::Encoder::new().compress_vec(&message).map_err(|it| it.to_string())
}

/// Parses one line of our own text, which has no timestamps. Returns `None` for any other line.
fn series(line: &str, common: &[(String, String)], timestamp: i64) -> Option<TimeSeries> {
    let (name, value) = line.rsplit_once(' ')?;
    let value = value.parse().ok()?;
    let (name, mut rest) = name.split_once('{').map_or((name, ""), |(name, rest)| (name, rest.trim_end_matches('}')));
    let label = |name: &str, value: String| Label { name: name.to_owned(), value };
    let mut labels = vec![label("__name__", name.to_owned())];
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = unescaped(after)?;
        labels.push(label(name, value));
        rest = after.trim_start_matches(',');
    }
    for (name, value) in common {
        if labels.iter().all(|it| it.name != *name) {
            labels.push(label(name, value.clone()));
        }
    }
    // An empty label equals a missing one, and a receiver may refuse it.
    labels.retain(|it| !it.value.is_empty());
    labels.sort_by(|a, b| a.name.cmp(&b.name));
    Some(TimeSeries { labels, samples: vec![Sample { value, timestamp }] })
}

/// Returns the value up to its quote, and the text after the quote.
fn unescaped(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut signs = text.char_indices();
    while let Some((index, sign)) = signs.next() {
        match sign {
            '"' => return Some((value, &text[index + 1..])),
            '\\' => match signs.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{WriteRequest, encode};
    use prost::Message;

    #[test]
    fn text_becomes_series() {
        let text = "# HELP a b\n# TYPE a counter\na 1\nb{z=\"}, \\\"y\\\\\\n\",job=\"own\",e=\"\"} 2.5\n\
                    c_bucket{le=\"+Inf\"} +Inf\nno number\n";
        let common = [("job".to_owned(), "till".to_owned()), ("instance".to_owned(), "i".to_owned())];
        let bytes = snap::raw::Decoder::new().decompress_vec(&encode(text, &common, 7).unwrap()).unwrap();
        let request = WriteRequest::decode(bytes.as_slice()).unwrap();
        let shown: Vec<_> = request
            .timeseries
            .iter()
            .map(|series| {
                let labels: Vec<_> = series.labels.iter().map(|it| format!("{}={:?}", it.name, it.value)).collect();
                assert_eq!((series.samples.len(), series.samples[0].timestamp), (1, 7));
                format!("{} {}", labels.join(" "), series.samples[0].value)
            })
            .collect();
        assert_eq!(
            shown,
            [
                r#"__name__="a" instance="i" job="till" 1"#,
                r#"__name__="b" instance="i" job="own" z="}, \"y\\\n" 2.5"#,
                r#"__name__="c_bucket" instance="i" job="till" le="+Inf" inf"#,
            ]
        );
    }
}
