//! A strict parser of the text formats by their specifications.

use std::collections::BTreeMap;

pub(super) type Labels = BTreeMap<String, String>;

pub(super) struct Exposed {
    pub(super) samples: Vec<Sample>,
    /// The types by the name in the `# TYPE` line.
    pub(super) kinds: BTreeMap<String, String>,
}

pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: Labels,
    pub(super) value: f64,
}

pub(super) fn parse(text: &str, openmetrics: bool) -> Result<Exposed, String> {
    let mut exposed = Exposed { samples: Vec::new(), kinds: BTreeMap::new() };
    let text = if openmetrics { text.strip_suffix("# EOF\n").ok_or("`# EOF` is missing")? } else { text };
    let mut of = String::new();
    // Splits at line feeds only; `lines` would also remove a carriage return.
    for line in text.strip_suffix('\n').ok_or("the last line has no line feed")?.split('\n') {
        let fail = |what: &str| format!("{what}: {line:?}");
        if let Some(comment) = line.strip_prefix("# ") {
            let (word, rest) = comment.split_once(' ').ok_or_else(|| fail("invalid comment"))?;
            let (name, rest) = rest.split_once(' ').ok_or_else(|| fail("name is missing"))?;
            is_name(name, true).ok_or_else(|| fail("invalid name"))?;
            match word {
                "TYPE" => {
                    let kinds = ["counter", "gauge", "histogram", "unknown", "info"];
                    kinds.contains(&rest).then_some(()).ok_or_else(|| fail("invalid type"))?;
                    if exposed.kinds.insert(name.to_owned(), rest.to_owned()).is_some() {
                        return Err(fail("a second type"));
                    }
                    name.clone_into(&mut of);
                }
                "HELP" => drop(unescaped(rest, openmetrics).ok_or_else(|| fail("invalid escape"))?),
                "UNIT" => name.ends_with(&format!("_{rest}")).then_some(()).ok_or_else(|| fail("invalid unit"))?,
                _ => return Err(fail("invalid comment")),
            }
            continue;
        }
        let sample = sample(line).ok_or_else(|| fail("invalid sample"))?;
        if !sample.name.starts_with(&of) || of.is_empty() {
            return Err(fail(&format!("not a sample of `{of}`")));
        }
        exposed.samples.push(sample);
    }
    Ok(exposed)
}

fn is_name(name: &str, is_metric: bool) -> Option<()> {
    let legal = |it: char| it.is_ascii_alphanumeric() || it == '_' || (is_metric && it == ':');
    let fits = !name.is_empty() && name.chars().all(legal) && !name.starts_with(|it: char| it.is_ascii_digit());
    fits.then_some(())
}

/// Parses `name{label="value",…} number`.
fn sample(line: &str) -> Option<Sample> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    is_name(name, true)?;
    let mut labels = Labels::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"")?;
            is_name(label, false)?;
            let (value, after) = value(after)?;
            labels.insert(label.to_owned(), value).is_none().then_some(())?;
            rest = after;
            match rest.split_at_checked(1)? {
                (",", after) => rest = after,
                ("}", after) => {
                    rest = after;
                    break;
                }
                _ => return None,
            }
        }
    }
    let number = rest.strip_prefix(' ')?;
    let known = number.chars().all(|it| it.is_ascii_digit() || "+-.eInfNa".contains(it));
    let value = known.then(|| number.parse().ok()).flatten()?;
    Some(Sample { name: name.to_owned(), labels, value })
}

/// Parses a value up to its closing quote; returns it and the rest of the line.
fn value(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    for (index, it) in text.char_indices() {
        match it {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some((unescaped(&text[..index], true)?, &text[index + 1..])),
            _ => {}
        }
    }
    None
}

fn unescaped(text: &str, quotes: bool) -> Option<String> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(it) = characters.next() {
        out.push(match it {
            '\\' => match characters.next()? {
                '\\' => '\\',
                'n' => '\n',
                '"' if quotes => '"',
                _ => return None,
            },
            '"' if quotes => return None,
            it => it,
        });
    }
    Some(out)
}
