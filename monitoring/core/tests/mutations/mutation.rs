//! The changes of a rule file: each threshold, each comparison, each window and each waiting time.

/// A change of a rule file.
#[derive(Debug, Clone)]
pub(crate) struct Mutation {
    pub(crate) file: &'static str,
    /// The name of the alert or of the recorded series.
    pub(crate) rule: String,
    /// The change with enough text before it to identify it, such as `> 0.05 → > 0.025`.
    pub(crate) what: String,
    /// The whole line, and the position of the change in it, which distinguish changes in similar rules.
    pub(crate) place: (String, usize),
    /// The contents of the changed file.
    pub(crate) contents: String,
}

/// The rule, the change, and its place.
pub(crate) type Key = (String, String, (String, usize));

impl Mutation {
    pub(crate) fn key(&self) -> Key {
        (self.rule.clone(), self.what.clone(), self.place.clone())
    }
}

/// Returns all changes of a generated file, in which the name, the expression and the waiting time of each rule are on
/// separate lines.
pub(crate) fn of(file: &'static str, contents: &str) -> Vec<Mutation> {
    let mut all = Vec::new();
    let (mut rule, mut start) = (String::new(), 0);
    for line in contents.split_inclusive('\n') {
        let trimmed = line.trim();
        if let Some(name) = ["- alert: ", "- record: "].iter().find_map(|it| trimmed.strip_prefix(it)) {
            name.clone_into(&mut rule);
        }
        let changes = if trimmed.starts_with("expr: ") { of_expression(line) } else { of_waiting(line) };
        for (from, to, text) in changes {
            let what = format!("{} → {text}", shown(line, from, to));
            let contents = [&contents[..start + from], &text, &contents[start + to..]].concat();
            all.push(Mutation { file, rule: rule.clone(), what, place: (line.trim().to_owned(), from), contents });
        }
        start += line.len();
    }
    all
}

type Change = (usize, usize, String);

fn of_expression(line: &str) -> Vec<Change> {
    let mut all = Vec::new();
    for sign in [" > ", " < ", " == "] {
        for (index, _) in line.match_indices(sign) {
            let (from, to) = (index + 1, index + sign.len() - 1);
            let other = match sign {
                " > " => "<",
                " < " => ">",
                _ => "!=",
            };
            all.push((from, to, other.to_owned()));
            let rest = &line[to + 1..];
            let digits = rest.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(rest.len());
            // Behind some comparisons is a recorded series.
            if digits > 0 {
                let value: f64 = rest[..digits].parse().expect("a number after a comparison");
                let others = if value > 0.0 { [value * 0.5, value * 3.0] } else { [-1.0, 1e9] };
                all.extend(others.map(|it| (to + 1, to + 1 + digits, it.to_string())));
            }
        }
    }
    let windows =
        line.match_indices('[').map(|(index, _)| (index + 1, index + line[index..].find(']').expect("closed")));
    let offsets = line.match_indices(" offset ").map(|(index, word)| {
        let from = index + word.len();
        (from, from + line[from..].find([')', ' ', '\n']).expect("an end"))
    });
    for (from, to) in windows.chain(offsets) {
        let seconds = seconds(&line[from..to]);
        all.extend([seconds * 2, seconds / 2].map(|it| (from, to, format!("{it}s"))));
    }
    all
}

fn of_waiting(line: &str) -> Vec<Change> {
    let Some(index) = line.find("for: ").filter(|it| line[..*it].trim().is_empty()) else { return Vec::new() };
    let (from, to) = (index + "for: ".len(), line.trim_end().len());
    let seconds = seconds(&line[from..to]);
    let others = if seconds == 0 { vec![180] } else { vec![0, seconds * 2 + 60] };
    others.into_iter().map(|it| (from, to, format!("{it}s"))).collect()
}

fn seconds(text: &str) -> u64 {
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];
    let found = units.iter().find_map(|(unit, factor)| Some(text.strip_suffix(unit)?.parse::<u64>().ok()? * factor));
    found.unwrap_or_else(|| panic!("not a duration: {text}"))
}

/// Returns the changed text with some text before it.
fn shown(line: &str, from: usize, to: usize) -> String {
    let before = &line[..from];
    let start = before.char_indices().rev().nth(90).map_or(0, |it| it.0);
    format!("…{}{}", before[start..].trim_start(), &line[from..to])
}
