//! The phrases that our texts avoid, each with the usual way to say it.

use regex::Regex;

/// A name that says what to do, and the pattern. Patterns that start with `(?-i)` look at whole sentences: a title
/// such as `What it costs` is ordinary English.
const AVOIDED: [(&str, &str); 36] = [
    ("`mend`: write `fix` or `help`", r"\bmend(s|ed|ing)?\b"),
    ("name the person: operator, client, user", r"\b(no|some|any)body\b"),
    ("name the thing", r"\bwh(o|om|at|ich)ever\b"),
    ("`anew`: write `again`", r"\banew\b"),
    ("`for ever`: write `indefinitely`", r"\bfor ever\b"),
    ("say what it is: `is no name` is `is not a valid name`", r"\b(is|are|was|were|be) no \w+"),
    ("write `Default: ..`", r"\bunless ((it is|they are|it) )?(told|said|says|given|set|asked)\b"),
    ("give the number, or write `this many`", r"\bso (many|much)\b"),
    ("`begin` as a noun: write `start`", r"(\b(a|the|its|their|each|every|from|at) |'s )(begin|begins)\b"),
    ("`The same` as a comment: say what it does", r"^the same(\.|,)"),
    (
        "`who` as a subject: name the client, the user",
        r"\b(so that|and|to|of|in|by|for|from|with|if|but|on|at|as|than) who\b",
    ),
    ("`whom`: name the person", r"\bwhom\b"),
    ("`Who` or `What` as a subject: name it", r"(?-i)^(Who|What|Whose|Whom)\b[^?]*[.,;:]"),
    ("`Where` as a condition: write `if` or `when`", r"(?-i)^Where\b[^?]*[.,;:]"),
    ("`How much` as a subject: write `the number of`", r"(?-i)^How (much|many|far|long|often|soon|old)\b[^?]*[.,;:]"),
    ("`of others`: write `third-party`", r"\b\w+s of others\b"),
    ("`of one's own`: write `your own`", r"\bof one's own\b"),
    ("`no good`: write `invalid`", r"\bno good\b"),
    ("`gives way`: write `is closed`", r"\bgiv(e|es|ing) way\b"),
    ("`and say so`: say what it shows", r"\b(and|but) says? so\b"),
    ("`only just`: write `just misses`", r"\bonly just\b"),
    ("`affair of`, `business of`: say who does it", r"\b(affair|business) of\b|\bwhose affair\b"),
    ("`is over`: write `ends` or `resolves`", r"\b(is|are|was|were) over\b"),
    ("`stands still`: write `stops`", r"\bst(and|ood|ands|anding) still\b"),
    ("`nothing that`: say what it does", r"\bnothing that\b"),
    ("`lets in`: write `accepts`", r"\blets? in\b"),
    ("`holds up`: write `delays`", r"\bh(old|olds|olding|eld) (?:\w+ ){0,4}up\b"),
    ("an entity: write the character", r"&#\d+;"),
    ("`stands where`: write `is placed`", r"\bstands? (where|in front|behind|beside|above|below)\b"),
    ("`comes again`: write `is repeated`", r"\bcomes? again\b"),
    ("`slept along`: say that it was suspended", r"\bslept along\b"),
    ("`a door`: write `authentication`", r"\bdoors?\b"),
    ("`counts with`: say which value it takes", r"\bcounts with the\b"),
    ("`ends what`, `does what`: name it", r"\b(ends?|switche?s? off|does|do) what\b"),
    ("`leaves alone`: say what it does not record", r"\bleaves? .{0,30} alone\b"),
    ("`no good`, `good for nothing`", r"\bgood for nothing\b"),
];

/// What may follow `is no`, and the word before it that makes it ordinary English.
const ORDINARY: &str = r"\b(there (is|are|was|were) no|(is|are|was|were|be) no (longer|more|less|later|fewer|larger|older|newer|one)) ?\w*";

pub(crate) struct Phrases {
    avoided: Vec<(&'static str, Regex)>,
    ordinary: Regex,
    /// Where a sentence ends and another begins.
    end: Regex,
}

impl Phrases {
    pub(crate) fn new() -> Self {
        let pattern = |it: &str| Regex::new(&format!("(?i){it}")).unwrap_or_else(|error| panic!("{it}: {error}"));
        Self {
            avoided: AVOIDED.iter().map(|(name, it)| (*name, pattern(it))).collect(),
            ordinary: pattern(ORDINARY),
            end: Regex::new(r"[.;!?:] +|\n").expect("a pattern"),
        }
    }

    /// The sentences of a text that have a phrase to avoid.
    pub(crate) fn find(&self, text: &str) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let mut start = 0;
        let ends = self.end.find_iter(text).map(|it| it.end()).chain([text.len()]);
        for end in ends {
            let sentence = text[start..end].trim();
            start = end;
            let checked = self.ordinary.replace_all(sentence, "");
            let here = self.avoided.iter().filter(|(_, pattern)| pattern.is_match(&checked));
            found.extend(here.map(|(name, _)| (*name, sentence.to_owned())));
        }
        found
    }
}

/// Sentences that this repository had, and that a review found unreadable.
const UNREADABLE: [&str; 27] = [
    "Functions that no label tells apart have their numbers in common, and say so.",
    "behind an HTTP interface, and somebody uses it.",
    "`down` ends what `up` has started, and nothing that only has its number.",
    "Where a label comes from the result and there is none, it is `panic` or `cancelled`.",
    "an untimed one counts with the duration of the newest timed one.",
    "An application switches off what its libraries ask for by the feature `off`;",
    "Wrong passwords are looked at one at a time, and whose were right is remembered, so that who guesses holds no scrape up.",
    "The routes of `router()` are served by your own server, whose affair all of this is.",
    "While nobody looks, a thousand functions that are called five times a second each cost 0.20 % of a core",
    "So many packages of others are compiled into an application on Linux, at most:",
    "An alert that comes again is known by its fingerprint and its start",
    "Where the result tells a label, a call begins in a series without it and ends in another.",
    "Where the global recorder is ours itself, not wrapped in another one, a call that leaves its duration or its number alone goes to the cells without the facade between",
    "How many are in flight is how many more have begun than were observed.",
    "The newest minor release gets mends.",
    "on Linux it stands still while the machine sleeps, so that a call that slept along is no slow one.",
    "No empty, missing or bad file opens a door that was closed",
    "400, 414 and 431 to what is no request come from hyper and makes them of a status alone and asks nobody",
    "a test finds an alert that has none, and sees whoever it concerns be told.",
    "What SECURITY.md promises, it names a test for.",
    "How much of everything many instances are, by arithmetic, and what carries it.",
    "For each alert samples under which it fires, only just does not, and is over, with its texts",
    "Whether OpenMetrics text says since when counters and histograms count; it does unless told otherwise.",
    "Lets in who has one of the bearer tokens in this file, one a line",
    "It takes part in the catalog as annotated functions do by themselves. It stands where an item may stand.",
    "When the address cannot be listened on, that file is no good, or another recorder was installed before.",
    "With more of them the one that does least gives way: one that never asked for anything",
];

#[test]
fn each_unreadable_sentence_is_found() {
    let phrases = Phrases::new();
    for sentence in UNREADABLE {
        assert!(!phrases.find(sentence).is_empty(), "no phrase of this sentence is avoided:\n{sentence}");
    }
}

#[test]
fn ordinary_sentences_pass() {
    let phrases = Phrases::new();
    for sentence in [
        "Guessing passwords cannot delay a scrape.",
        "There is no series before the first call, and it is no longer exported after the last.",
        "What happens when a future is dropped?",
        "Default: `true`.",
    ] {
        assert_eq!(phrases.find(sentence), [], "{sentence}");
    }
}
