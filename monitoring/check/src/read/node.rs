//! Parses YAML and JSON into a tree in which each node has its line.

use serde_saphyr::granit_parser::{Event, Parser, Span};
use std::collections::HashMap;
use std::fmt::Write;
use std::ops::RangeInclusive;

/// A value and the line on which it starts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) line: u32,
    pub(crate) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A text, number, boolean or null. Their types hardly matter in the files that are read.
    Scalar {
        text: String,
        /// Whether it is in quotes or in a block, and so certainly text.
        quoted: bool,
    },
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Maximum number of values. Without it, aliases in a few lines could expand to billions.
const NODES_MAX: usize = 2_000_000;

/// Parses the documents of a text. The error is the line and the reason.
pub(crate) fn parse(text: &str, is_json: bool) -> Result<Vec<Node>, (u32, String)> {
    if !is_json {
        return parse_yaml(text);
    }
    // JSON is YAML except for surrogate pairs in escapes. A JSON parser checks first, since YAML allows more than JSON.
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map_err(|it| (u32::try_from(it.line()).unwrap_or_default(), it.to_string()))?;
    parse_yaml(&without_surrogates(text))
}

fn parse_yaml(text: &str) -> Result<Vec<Node>, (u32, String)> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|it| (line(it.marker().line()), it.info().clone()))?;
        builder.take(event, span).map_err(|reason| (line(span.start.line()), reason))?;
    }
    Ok(builder.documents)
}

fn line(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    /// The open lists and maps, with their anchors, and the key that waits for its value.
    open: Vec<(Node, usize, Option<String>)>,
    anchors: HashMap<usize, Node>,
    /// Number of values in the text.
    count: usize,
    /// Number of values that aliases repeat.
    repeated: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), String> {
        let line = line(span.start.line());
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let quoted = style != serde_saphyr::granit_parser::ScalarStyle::Plain;
                let node = Node { line, value: Value::Scalar { text: text.into_owned(), quoted } };
                self.put(node, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push((Node { line, value: Value::List(Vec::new()) }, anchor, None));
                Ok(())
            }
            Event::MappingStart(_, anchor, _) => {
                self.open.push((Node { line, value: Value::Map(Vec::new()) }, anchor, None));
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some((node, anchor, _)) => {
                    // Different parsers use different ones of duplicate keys.
                    if let Some((key, first, second)) = node.repeated() {
                        let key = key.escape_debug();
                        return Err(format!("a map has the key `{key}` twice, on lines {first} and {second}"));
                    }
                    self.put(node, anchor)
                }
                None => Err("a list or map is closed that was not opened".to_owned()),
            },
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).ok_or("an alias names an unknown anchor")?;
                self.repeated += size(node);
                if self.count + self.repeated > NODES_MAX {
                    return Err(format!("its aliases expand to more than {NODES_MAX} values; use fewer aliases"));
                }
                let node = Node { line, ..node.clone() };
                self.put(node, 0)
            }
            _ => Ok(()),
        }
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        // Lists and maps are counted when they are closed, after their values.
        self.count += 1;
        if self.count + self.repeated > NODES_MAX {
            return Err(format!("it has more than {NODES_MAX} values; split the file"));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some((Node { value: Value::List(items), .. }, ..)) => items.push(node),
            Some((Node { value: Value::Map(entries), .. }, _, key)) => match (key.take(), node) {
                (Some(key), node) => entries.push((key, node)),
                (None, Node { value: Value::Scalar { text, .. }, .. }) => *key = Some(text),
                (None, _) => return Err("a map has a key that is not text".to_owned()),
            },
            Some(_) => return Err("a scalar contains a value".to_owned()),
        }
        Ok(())
    }
}

/// Number of values in a node, including itself.
fn size(node: &Node) -> usize {
    match &node.value {
        Value::Scalar { .. } => 1,
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|(_, it)| size(it)).sum::<usize>(),
    }
}

impl Node {
    /// The value of a key. Returns `None` if this is not a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, it)| it)
    }

    /// The value at the end of a path of keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    pub(crate) fn entries(&self) -> &[(String, Node)] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    pub(crate) fn items(&self) -> &[Node] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Scalar { text, .. } = &self.value { Some(text) } else { None }
    }

    /// The text under a key.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// The number under a key. Returns `None` if it is in quotes.
    pub(crate) fn number_of(&self, key: &str) -> Option<f64> {
        match &self.get(key)?.value {
            Value::Scalar { text, quoted: false } => text.parse().ok(),
            _ => None,
        }
    }

    /// A duplicate key of this map, and the lines of two of its values.
    fn repeated(&self) -> Option<(&str, u32, u32)> {
        let mut keys: Vec<(&str, u32)> = self.entries().iter().map(|(key, it)| (key.as_str(), it.line)).collect();
        keys.sort_unstable();
        keys.windows(2).find_map(|pair| match pair {
            [(key, first), (again, second)] if key == again => Some((*key, *first, *second)),
            _ => None,
        })
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    /// Whether YAML parsers read this as text, and not as a number, a boolean or null.
    pub(crate) fn is_text(&self) -> bool {
        let Value::Scalar { text, quoted } = &self.value else { return false };
        let words = ["", "~", "null", "true", "false", "yes", "no", "on", "off"];
        *quoted || !words.contains(&text.to_ascii_lowercase().as_str()) && text.parse::<f64>().is_err()
    }

    /// The lines of this node, up to the line on which its last value starts.
    pub(crate) fn lines(&self) -> RangeInclusive<u32> {
        let mut last = self.line;
        self.each(&mut |it| last = last.max(it.line));
        self.line..=last
    }

    /// Calls `visit` with this node and every node below it.
    pub(crate) fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Node)) {
        visit(self);
        self.items().iter().for_each(|it| it.each(visit));
        self.entries().iter().for_each(|(_, it)| it.each(visit));
    }

    /// The node with all line numbers increased.
    pub(crate) fn moved(mut self, by: u32) -> Self {
        self.line = self.line.saturating_add(by);
        self.value = match self.value {
            Value::List(items) => Value::List(items.into_iter().map(|it| it.moved(by)).collect()),
            Value::Map(entries) => Value::Map(entries.into_iter().map(|(key, it)| (key, it.moved(by))).collect()),
            scalar @ Value::Scalar { .. } => scalar,
        };
        self
    }
}

/// Replaces surrogate pairs such as `\ud83d\ude00` by `\U0001f600`: JSON has the former, YAML the latter.
fn without_surrogates(text: &str) -> String {
    let unit = |it: &str| it.strip_prefix("\\u").and_then(|it| u16::from_str_radix(it.get(..4)?, 16).ok());
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let pair = [unit(escape), escape.get(6..).and_then(unit)];
        let joined = match pair {
            [Some(high), Some(low)] => char::decode_utf16([high, low]).next().and_then(Result::ok),
            _ => None,
        };
        let is_pair = joined.filter(|it| u32::from(*it) > 0xffff);
        let length = if let Some(character) = is_pair {
            // Writing into a string cannot fail.
            let _ = write!(out, "\\U{:08x}", u32::from(character));
            12
        } else {
            // The backslash and the escaped character, which may be a backslash too.
            let length = 1 + escape.chars().nth(1).map_or(0, char::len_utf8);
            out.push_str(escape.get(..length).unwrap_or_default());
            length
        };
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{Node, parse};

    fn one(text: &str, is_json: bool) -> Node {
        parse(text, is_json).unwrap().remove(0)
    }

    #[test]
    fn lines_are_those_of_the_values() {
        let node = one("a: 1\nb:\n- x\n- y: z\n", false);
        assert_eq!(node.get("b").unwrap().items()[1].get("y").unwrap().line, 4);
        let node = one("{\n \"a\": {\n  \"b\": [\n   \"x\"]}}", true);
        assert_eq!(node.at(&["a", "b"]).unwrap().items()[0].line, 4);
    }

    #[test]
    fn json_is_read_as_json() {
        let text = "{\"a\\\\\": \"\\ud83d\\ude00 \\u003c \\/ \\t\", \"t\":\t[1.5, true, null, \"no\"]}";
        let node = one(text, true);
        assert_eq!(node.text_of("a\\"), Some("\u{1f600} < / \t"));
        assert_eq!(node.get("t").unwrap().items().len(), 4);
        assert_eq!(parse("{\n\"a\": 1,\n}", true).unwrap_err().0, 3);
    }

    #[test]
    fn aliases_are_followed_within_a_limit() {
        assert_eq!(one("a: &x 1\nb: *x\n", false).text_of("b"), Some("1"));
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            bomb +=
                &["a", &level.to_string(), ": &a", &level.to_string(), " [", &[before.as_str(); 10].join(", "), "]\n"]
                    .concat();
        }
        assert!(parse(&bomb, false).unwrap_err().1.contains("its aliases expand to more than 2000000 values"));
    }

    #[test]
    fn too_many_values_and_too_deep_ones_are_told_as_such() {
        let flat = parse(&"- a\n".repeat(2_000_001), false).unwrap_err();
        assert_eq!(flat, (2_000_001, "it has more than 2000000 values; split the file".to_owned()));
        for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
            assert!(parse(&deep, false).unwrap_err().1.contains("recursion limit"));
        }
        let json = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(parse(&json, true).unwrap_err().1.contains("recursion limit"));
    }

    #[test]
    fn a_mistake_has_its_line() {
        assert_eq!(parse("a: b\nc: [\n", false).unwrap_err().0, 2);
    }
}
