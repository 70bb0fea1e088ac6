//! The code to generate, as plain data; every rule has been checked.

use crate::args::{self, Arg, Value};
use crate::diag::Diag;
use crate::docs::Docs;
use crate::fn_kind::{self, FnKind, returns_never};
use crate::func::Func;
use crate::label::{self, LabelValue};
use crate::objective::Objective;
use measurand_catalog::attribute::DEFAULT_THRESHOLD;
use measurand_catalog::{Absent, Argument, ArgumentKind, Attribute, Role, record};
use proc_macro2::Span;
use syn::{Expr, ExprClosure, LitStr, Path, ReturnType, spanned::Spanned as _};

/// One annotated function.
pub(crate) struct Model {
    pub(crate) attribute: &'static Attribute,
    pub(crate) func: Func,
    pub(crate) kind: FnKind,
    /// The value of each label: in the family's order, or in the user's order if only the compiler knows the family.
    pub(crate) labels: Vec<(String, LabelValue)>,
    /// The declared family that the function records.
    pub(crate) declared: Option<Path>,
    /// The parts of the declared family that the annotation uses; only the compiler can check them.
    pub(crate) uses: Vec<Use>,
    /// `N` of `time = 1 in N`.
    pub(crate) one_in: Option<u32>,
    pub(crate) objective: Option<Objective>,
    /// The other entries of the record.
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) outcome_source: OutcomeSource,
    /// The user's path of `measurand`, if it differs from `::measurand`.
    pub(crate) krate: Option<Path>,
}

/// A use of something that a declared family may lack.
pub(crate) enum Use {
    Label { name: String, span: Span },
    Value { name: String, value: LitStr },
    Promise { success: bool, latency: bool, span: Span },
}

/// The rule that derives the outcome of a call from the returned value.
pub(crate) enum OutcomeSource {
    /// The type decides: `Err` is an error, every other value is ok.
    ByType,
    /// The predicate decides: the call is ok if the answer equals `holds_when_ok`.
    Predicate { predicate: Box<Expr>, holds_when_ok: bool },
    /// The score decides.
    Score { threshold: f64, rollback: Option<Box<Expr>> },
    /// The returned value is the value of a gauge.
    Level,
    /// The returned value says whether a look-up found something.
    Lookup,
    /// The declared family decides.
    Declared { threshold: f64, rollback: Option<Box<Expr>> },
}

impl OutcomeSource {
    /// The expression to evaluate after a failure.
    pub(crate) fn rollback(&self) -> Option<&Expr> {
        match self {
            OutcomeSource::Score { rollback, .. } | OutcomeSource::Declared { rollback, .. } => rollback.as_deref(),
            _ => None,
        }
    }
}

impl Model {
    /// Checks the rules that need both the function and the arguments.
    pub(crate) fn build(diag: &mut Diag, attribute: &'static Attribute, args: Vec<Arg>, func: Func) -> Self {
        if let Some(token) = &func.sig.constness {
            let (name, example, function) = (attribute.name, attribute.example, &func.sig.ident);
            let message =
                format_args!("`#[{name}]` cannot measure a `const fn`, which may run at compile time; remove `const`");
            diag.error(token.span, format_args!("{message}\nexample: {example} fn {function}() {{ .. }}"));
        }
        check_missing(diag, attribute, &args);
        label::check_words(diag, attribute, &args, &func);
        let facts = facts(attribute, &args, &func);
        let labels = label::labels(diag, attribute, &args, &func);
        let uses = uses(&args);
        let (mut declared, mut krate, mut one_in, mut objective) = (None, None, None, None);
        let mut rest = Vec::new();
        for mut arg in args {
            match (arg.spec.kind, arg.value.take()) {
                (ArgumentKind::Family, Some(Value::Path(it))) => declared = Some(it),
                (_, Some(Value::Path(it))) => krate = Some(it),
                (_, Some(Value::Sample(it))) => one_in = Some((it, arg.span)),
                (_, Some(Value::Objective(it))) => objective = Some(it),
                (_, value) => rest.push(Arg { value, ..arg }),
            }
        }
        if let Some((_, span)) = one_in.filter(|_| declared.is_none() && !has(attribute, Role::Duration)) {
            let (name, example) = (attribute.name, attribute.example);
            let message = format_args!("`#[{name}]` measures no duration, so `time` has no effect; remove it");
            diag.error(span, format_args!("{message}\nexample: {example}"));
        }
        let one_in = one_in.map(|(it, _)| it);
        let outcome_source = outcome_source(diag, attribute, rest);
        let kind = fn_kind::fn_kind(&func);
        check_output(diag, attribute, &func, &outcome_source);
        check_stream(diag, attribute, &func, &outcome_source);
        label::check_labels(diag, attribute, &func, &labels);
        Self { attribute, func, kind, labels, declared, uses, one_in, objective, facts, outcome_source, krate }
    }

    /// The labels whose values are known when a call starts, except literals.
    pub(crate) fn given(&self) -> impl Iterator<Item = &LabelValue> {
        self.labels.iter().map(|(_, it)| it).filter(|it| matches!(it, LabelValue::Given(_) | LabelValue::Caller))
    }

    /// The closures that compute labels from the result.
    pub(crate) fn closures(&self) -> impl Iterator<Item = &ExprClosure> {
        self.labels.iter().filter_map(|(_, it)| if let LabelValue::FromResult(it) = it { Some(&**it) } else { None })
    }

    /// Whether the series of a call depends on more than the literals of the site.
    pub(crate) fn has_dynamic_labels(&self) -> bool {
        self.given().next().is_some()
    }
}

fn uses(args: &[Arg]) -> Vec<Use> {
    let mut uses = Vec::new();
    for arg in args {
        let (name, span) = (arg.key.clone(), arg.span);
        match &arg.value {
            Some(Value::Objective(it)) => {
                uses.push(Use::Promise { success: it.success.is_some(), latency: it.latency.is_some(), span });
            }
            Some(value) if arg.spec.kind == ArgumentKind::Label => {
                uses.push(Use::Label { name: name.clone(), span });
                if let Value::Text(value) = value {
                    uses.push(Use::Value { name, value: value.clone() });
                }
            }
            _ => {}
        }
    }
    uses
}

fn has(attribute: &'static Attribute, role: Role) -> bool {
    attribute.family.metric(role).is_some()
}

fn check_output(diag: &mut Diag, attribute: &'static Attribute, func: &Func, outcome_source: &OutcomeSource) {
    let (name, function) = (attribute.name, &func.sig.ident);
    let never = returns_never(func);
    let nothing = never || matches!(func.sig.output, ReturnType::Default);
    let span = match &func.sig.output {
        ReturnType::Default => function.span(),
        ReturnType::Type(_, ty) => ty.span(),
    };
    let needs = match outcome_source {
        OutcomeSource::Score { .. } => Some((
            "a score from 0 to 1: `f64`, an `Option` or a `Result` of one, or a type that implements \
             `measurand::Score`",
            "f64",
        )),
        OutcomeSource::Level => Some((
            "a number: `u64`, `f64`, an `Option` or a `Result` of one, or a type that implements \
             `measurand::GaugeValue`",
            "u64",
        )),
        OutcomeSource::Lookup => Some((
            "the result of a look-up: an `Option`, a `Result` of one, or a type that implements \
             `measurand::CacheResult`",
            "Option<String>",
        )),
        OutcomeSource::ByType | OutcomeSource::Predicate { .. } | OutcomeSource::Declared { .. } => None,
    };
    match (outcome_source, needs) {
        (_, Some((forms, form))) if nothing => {
            let example = format_args!("{} fn {function}() -> {form} {{ .. }}", attribute.example);
            diag.error(span, format_args!("a function under `#[{name}]` must return {forms}\nexample: {example}"));
        }
        (OutcomeSource::Predicate { .. }, _) if never => {
            let message = "`ok_if` and `error_if` test the returned value, but this function never returns one";
            diag.error(
                span,
                format_args!("{message}; remove them\nexample: {} fn {function}() -> ! {{ .. }}", attribute.example),
            );
        }
        _ => {}
    }
}

/// Checks a function that returns a stream: there is no single result, and an `async fn` ends before its stream starts.
fn check_stream(diag: &mut Diag, attribute: &'static Attribute, func: &Func, outcome_source: &OutcomeSource) {
    let ReturnType::Type(_, ty) = &func.sig.output else { return };
    if !fn_kind::is_stream(func) {
        return;
    }
    let (name, example, function) = (attribute.name, attribute.example, &func.sig.ident);
    if func.sig.asyncness.is_some() {
        let message =
            "an `async fn` ends before the stream that it returns starts, so its measurement would miss every item";
        let help = "return the stream from an `fn`, or measure the function that makes the items";
        let example = format_args!("{example} fn {function}() -> impl Stream<Item = u64> {{ .. }}");
        diag.error(ty.span(), format_args!("{message}; {help}\nexample: {example}"));
    }
    if matches!(outcome_source, OutcomeSource::Score { .. } | OutcomeSource::Level | OutcomeSource::Lookup) {
        let message = format_args!("`#[{name}]` records the returned value, but a stream has many");
        let help = "annotate the function that returns one item";
        let example = format_args!("{example} fn {function}() -> {} {{ .. }}", example_output(outcome_source));
        diag.error(ty.span(), format_args!("{message}; {help}\nexample: {example}"));
    } else if let Some(rollback) = outcome_source.rollback() {
        let message =
            "`rollback` runs when a returned value is a failure, but this function returns a stream; remove `rollback`";
        diag.error(rollback.span(), format_args!("{message}\nexample: {example}"));
    }
}

/// An example of a suitable return type.
fn example_output(outcome_source: &OutcomeSource) -> &'static str {
    match outcome_source {
        OutcomeSource::Level => "u64",
        OutcomeSource::Lookup => "Option<String>",
        _ => "f64",
    }
}

fn check_missing(diag: &mut Diag, attribute: &'static Attribute, args: &[Arg]) {
    let given = |key: &str| args.iter().any(|it| it.spec.key == key);
    let missing: Vec<String> = args::specs(attribute)
        .filter(|it| it.absent == Absent::Required && !given(it.key))
        .map(|it| format!("`{}`", it.key))
        .collect();
    // An unknown word may be a misspelled required argument; it has been reported.
    if !missing.is_empty() && !args.iter().any(args::is_unknown) {
        let noun = if missing.len() == 1 { "argument" } else { "arguments" };
        diag.error(
            Span::call_site(),
            format_args!("missing {noun} {}\nexample: {}", missing.join(", "), attribute.example),
        );
    }
}

fn facts(attribute: &'static Attribute, args: &[Arg], func: &Func) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    for arg in args {
        match (arg.spec.kind, &arg.value) {
            (ArgumentKind::Text | ArgumentKind::OneOf(_), Some(Value::Text(text))) => {
                facts.push((arg.spec.key, record::clean(&text.value())));
            }
            (ArgumentKind::Share, Some(Value::Share(share))) => facts.push((arg.spec.key, share.to_string())),
            (ArgumentKind::Predicate, _) => facts.push(("outcome", arg.spec.key.to_owned())),
            (_, Some(Value::Sample(it))) => facts.push(("timed", format!("1 in {it}"))),
            (_, Some(Value::Objective(it))) => {
                facts.extend(it.success.clone().map(|it| ("slo:success", it)));
                facts.extend(it.latency.clone().map(|it| ("slo:latency", it)));
            }
            _ => {}
        }
    }
    if threshold_of(attribute).is_some()
        && !args::is_declared(attribute)
        && facts.iter().all(|(key, _)| *key != "threshold")
    {
        facts.push(("threshold", DEFAULT_THRESHOLD.to_string()));
    }
    let docs = Docs::of(&func.attrs);
    facts.extend(docs.summary.map(|it| ("summary", it)));
    facts.extend(docs.runbook.map(|it| ("steps", it)));
    facts
}

/// The argument that sets the lowest successful score, if the attribute has one.
fn threshold_of(attribute: &'static Attribute) -> Option<&'static Argument> {
    attribute.arguments.iter().find(|it| it.kind == ArgumentKind::Share)
}

fn outcome_source(diag: &mut Diag, attribute: &'static Attribute, args: Vec<Arg>) -> OutcomeSource {
    let declared = args::is_declared(attribute);
    let (mut predicate, mut rollback, mut threshold) = (None, None, DEFAULT_THRESHOLD);
    for Arg { spec, span, value, .. } in args {
        match (spec.kind, value) {
            (ArgumentKind::Predicate, value) => {
                if !declared && !attribute.family.tells_outcome() {
                    let (name, key) = (attribute.name, spec.key);
                    let score = has(attribute, Role::Score);
                    let why = if score { "because the score decides" } else { "because it counts no errors" };
                    let help = threshold_of(attribute).map_or_else(
                        || format!("; remove it\nexample: {}", attribute.example),
                        |it| format!("; set `{}`\nexample: {}", it.key, args::example(attribute, it)),
                    );
                    diag.error(span, format_args!("`#[{name}]` takes no `{key}`, {why}{help}"));
                } else if predicate.is_some() {
                    let example = args::example(attribute, spec);
                    diag.error(
                        span,
                        format_args!("`ok_if` and `error_if` exclude each other; remove one\nexample: {example}"),
                    );
                }
                if let Some(Value::Expression(it)) = value {
                    predicate = Some(OutcomeSource::Predicate { predicate: it, holds_when_ok: spec.key == "ok_if" });
                }
            }
            (ArgumentKind::Expression, Some(Value::Expression(it))) => rollback = Some(it),
            (ArgumentKind::Share, Some(Value::Share(it))) => threshold = it,
            _ => {}
        }
    }
    match predicate {
        Some(predicate) => predicate,
        None if declared => OutcomeSource::Declared { threshold, rollback },
        None if has(attribute, Role::Score) => OutcomeSource::Score { threshold, rollback },
        None if has(attribute, Role::Level) => OutcomeSource::Level,
        None if has(attribute, Role::Hits) => OutcomeSource::Lookup,
        None => OutcomeSource::ByType,
    }
}
