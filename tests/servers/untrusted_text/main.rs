//! Names and label values that a program records over the facade arrive unchanged in a real Prometheus: all planes of
//! Unicode, control characters, quotes, long texts. `promtool` and a strict parser of the specification accept them
//! too.

#[path = "../../../fuzz/src/targets/exposition/parser.rs"]
#[allow(dead_code, reason = "the fuzzer also uses types")]
mod parser;
mod prometheus;

use measurand_exporter::{Builder, Program};
use measurand_tests::{get, wait};
use metrics::{Label, counter, describe_counter, gauge, histogram};
use prometheus::{promtool, scraping};
use std::collections::BTreeMap;

/// Label values that are known to cause errors.
fn values() -> Vec<String> {
    let mut all: Vec<String> = [
        "plain",
        "NUL \0 inside",
        "\0",
        "line\nfeed",
        "carriage\rreturn",
        "\n",
        "\"",
        "\\",
        "\\n is two characters",
        "ends with \\",
        "\\\"",
        "tab\tand bell\u{7} and \u{1b}[31mescape",
        "a=\"b\",c=\"d\"} 1",
        "# HELP a b",
        "{{ $value }} ${job} $(id) `id`",
        "<script>alert(1)</script>",
        "\u{feff}mark",
        "\u{2028}\u{2029}\u{85}",
        "\u{202e}turned",
        "e\u{301} \u{200d}",
        "  spaces  ",
        "",
        "NaN",
        "\u{10ffff}\u{ffff}\u{fffe}",
    ]
    .map(str::to_owned)
    .to_vec();
    // Three characters of each plane of Unicode.
    all.extend((0..17_u32).map(|plane| {
        let of = |offset: u32| char::from_u32((plane << 16) + offset).expect("no surrogate");
        format!("{}{}{}", of(0x41), of(0x1234), of(0xfffd))
    }));
    all.extend([7, 8, 11, 12, 14, 31, 127, 128, 159].map(|it| format!("{}", char::from_u32(it).expect("a character"))));
    // Almost the maximum length of labels; three of these four characters are escaped.
    all.push("ü\"\\\n".repeat(500));
    all
}

fn record(values: &[String]) {
    for (number, value) in values.iter().enumerate() {
        let labels = vec![Label::new("case", number.to_string()), Label::new("value", value.clone())];
        #[expect(clippy::cast_precision_loss, reason = "few")]
        gauge!("texts", labels).set(number as f64 + 0.5);
    }
    describe_counter!("a.b", "Help \\ with \"quotes\"\nand lines \0 and \u{1f525}.");
    counter!("a.b", "c.d" => "1", "é" => "2", "" => "3", "1x" => "4", "__name__" => "5").increment(1);
    // If two label names become the same, the last one wins.
    counter!("twice_total", "a.b" => "first", "a_b" => "last").increment(2);
    counter!("twice_total", "a" => "first", "a" => "last").increment(3);
    counter!("1x").increment(4);
    counter!("é").increment(5);
    counter!("").increment(6);
    // The first kind of a metric wins.
    counter!("both").increment(7);
    gauge!("both").set(99.0);
    histogram!("both").record(99.0);
    histogram!("latency", "le" => "own").record(0.3);
    counter!("latency_count").increment(99);
    gauge!("numbers", "is" => "infinite").set(f64::INFINITY);
    gauge!("numbers", "is" => "none").set(f64::NAN);
    gauge!("numbers", "is" => "least").set(f64::from_bits(1));
    gauge!("numbers", "is" => "most").set(f64::MAX);
    counter!("numbers_total").absolute(1 << 53);
}

type Labels = BTreeMap<String, String>;

/// The expected values by name and labels, without the labels that Prometheus adds.
fn expected(values: &[String]) -> BTreeMap<(String, Labels), f64> {
    let mut all = BTreeMap::new();
    let mut add = |name: &str, labels: &[(&str, &str)], value: f64| {
        // In Prometheus a label with an empty value does not exist.
        let labels = labels.iter().filter(|(_, value)| !value.is_empty());
        let labels = labels.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.insert((name.to_owned(), labels), value);
    };
    for (number, value) in values.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "few")]
        add("texts", &[("case", &number.to_string()), ("value", value)], number as f64 + 0.5);
    }
    add("a_b", &[("c_d", "1"), ("_", "3"), ("_x", "4"), ("exported___name__", "5")], 1.0);
    add("twice_total", &[("a_b", "last")], 2.0);
    add("twice_total", &[("a", "last")], 3.0);
    add("_x", &[], 4.0);
    add("_", &[], 5.0);
    add("both", &[], 7.0);
    add("latency_count", &[("exported_le", "own")], 1.0);
    add("latency_sum", &[("exported_le", "own")], 0.3);
    add("numbers", &[("is", "infinite")], f64::INFINITY);
    add("numbers", &[("is", "none")], f64::NAN);
    add("numbers", &[("is", "least")], f64::from_bits(1));
    add("numbers", &[("is", "most")], f64::MAX);
    add("numbers_total", &[], 9_007_199_254_740_992.0);
    all
}

const NAMES: &str = "texts|a_b|twice_total|_x|_|both|latency_count|latency_sum|numbers|numbers_total";

/// Describes the missing, wrong and unexpected series.
fn differences(found: &BTreeMap<(String, Labels), f64>, expected: &BTreeMap<(String, Labels), f64>) -> Vec<String> {
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    let short = |it: &(String, Labels)| format!("{it:?}").chars().take(200).collect::<String>();
    let missing = expected.iter().filter(|(series, value)| !found.get(series).is_some_and(|it| same(*it, **value)));
    let more = found.keys().filter(|it| !expected.contains_key(it));
    let missing = missing.map(|(series, value)| format!("expected {value}: {}", short(series)));
    missing.chain(more.map(|it| format!("unexpected: {}", short(it)))).collect()
}

#[test]
fn every_text_arrives_unchanged() {
    let program = Program {
        families: Vec::new(),
        catalog: measurand_catalog::Catalog { format: 1, families: Vec::new(), sites: Vec::new() },
        binary: Some(("texts", "0")),
        initialize: || (),
        limit_series: |_| (),
    };
    let exporter = Builder::new(program).listen("127.0.0.1:0").install().expect("a free port");
    let values = values();
    record(&values);
    let expected = expected(&values);

    let text = get(&format!("{}/metrics", exporter.url()));
    promtool(&text);
    let exposed = parser::parse(&text, false).expect("the text follows the specification");
    let ours = exposed.samples.into_iter().filter(|it| NAMES.split('|').any(|name| it.name == name));
    let ours = ours.map(|it| {
        let labels = it.labels.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        ((it.name, labels), it.value)
    });
    assert_eq!(differences(&ours.collect(), &expected), Vec::<String>::new());

    let (_running, prometheus, _folder) = scraping(&exporter.address().to_string());
    let query = format!(r#"{{job="texts",__name__=~"{NAMES}"}}"#);
    let samples =
        wait("the series in Prometheus", || Some(prometheus.query(&query)).filter(|it| it.len() >= expected.len()));
    let found = samples.iter().map(|it| {
        let mut labels: Labels = serde_json::from_value(it["metric"].clone()).expect("labels are texts");
        let name = labels.remove("__name__").expect("a series has a name");
        labels.remove("job");
        labels.remove("instance");
        let value = it["value"][1].as_str().expect("a number is text");
        ((name, labels), value.parse().expect("a number"))
    });
    assert_eq!(differences(&found.collect(), &expected), Vec::<String>::new());
}
