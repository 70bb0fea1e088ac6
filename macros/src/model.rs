//! What will be generated, as plain data with every rule already checked.

use crate::args::{self, Arg, Value};
use crate::diag::{Diag, did_you_mean};
use crate::docs::Docs;
use crate::func::Func;
use crate::objective::Objective;
use measurand_catalog::attribute::DEFAULT_THRESHOLD;
use measurand_catalog::{Absent, Argument, ArgumentKind, Attribute, CALLER_LABEL, Role, record};
use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::{
    BinOp, Expr, ExprClosure, FnArg, GenericArgument, LitStr, Path, PathArguments, PathSegment, ReturnType, Type,
    TypeParamBound, spanned::Spanned as _, visit::Visit,
};

/// One annotated function.
pub(crate) struct Model {
    pub(crate) attribute: &'static Attribute,
    pub(crate) func: Func,
    pub(crate) shape: Shape,
    /// A value for each label: in the family's order, or in the user's where only the compiler knows the family.
    pub(crate) labels: Vec<(String, LabelValue)>,
    /// The family that the user declares.
    pub(crate) declared: Option<Path>,
    /// What only the compiler can check of the declared family.
    pub(crate) uses: Vec<Use>,
    /// One call in so many is timed.
    pub(crate) one_in: Option<u32>,
    pub(crate) objective: Option<Objective>,
    /// What else the record says.
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) judgement: Judgement,
    /// The user's path of `measurand`, where it is another than `::measurand`.
    pub(crate) krate: Option<Path>,
}

/// One use of what a declared family may lack.
pub(crate) enum Use {
    Label { name: String, span: Span },
    Value { name: String, value: LitStr },
    Promise { success: bool, latency: bool, span: Span },
}

/// Where a label's value comes from.
pub(crate) enum LabelValue {
    Literal(String),
    /// The path of the module, which only the compiler knows.
    ModulePath,
    /// What an expression gives before the body runs.
    Given(Box<Expr>),
    /// What a closure says of the result.
    Late(Box<ExprClosure>),
    /// The place of the call.
    Caller,
}

impl LabelValue {
    /// The expression as it stands in the record, where the value is no literal.
    pub(crate) fn expression(&self) -> Option<String> {
        match self {
            LabelValue::Literal(_) | LabelValue::ModulePath => None,
            LabelValue::Given(it) => Some(source(&it.to_token_stream())),
            // The `move` is of no interest, and a reader knows closures by their first character.
            LabelValue::Late(it) => Some(source(&ExprClosure { capture: None, ..(**it).clone() }.to_token_stream())),
            LabelValue::Caller => Some("the place of the call".to_owned()),
        }
    }
}

/// Tokens about as people write them.
fn source(tokens: &TokenStream) -> String {
    let mut text = record::clean(&tokens.to_string()).replace('\n', " ");
    for (from, to) in [
        (" :: ", "::"),
        (" . ", "."),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" ,", ","),
        ("& ", "&"),
        ("* ", "*"),
        (" ;", ";"),
        (" ?", "?"),
        (" ! ", "!"),
        ("| ", "|"),
        (" |", "|"),
        (" [", "["),
        (" ]", "]"),
    ] {
        text = text.replace(from, to);
    }
    // Behind the closure's argument a space reads better.
    match text.strip_prefix('|').and_then(|it| it.split_once('|')) {
        Some((argument, body)) => format!("|{argument}| {body}"),
        None => text,
    }
}

/// How the outcome of a call follows from the returned value.
pub(crate) enum Judgement {
    /// By its type: `Err` is an error, everything else is fine.
    ByType,
    /// It ended well if the predicate holds, or if it does not.
    Predicate { predicate: Box<Expr>, holds_when_ok: bool },
    /// By its score.
    Score { threshold: f64, rollback: Option<Box<Expr>> },
    /// It is the value of a gauge.
    Level,
    /// It says whether something was found.
    Lookup,
    /// As the declared family asks for.
    Declared { threshold: f64, rollback: Option<Box<Expr>> },
}

impl Judgement {
    /// What to do after a failure.
    pub(crate) fn rollback(&self) -> Option<&Expr> {
        match self {
            Judgement::Score { rollback, .. } | Judgement::Declared { rollback, .. } => rollback.as_deref(),
            _ => None,
        }
    }
}

/// When the body runs, which decides where the measurement goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// While the function runs.
    Sync,
    /// While the function runs, which returns an `impl Trait`. Its body stays where it is if that can be, since what the
    /// compiler infers from the traits (the types of a closure's arguments) does not reach into another closure.
    Opaque,
    /// While the function runs, which never returns a value.
    Never,
    /// While the future of an `async fn` is polled.
    Async,
    /// While the returned `impl Future` is polled.
    ImplFuture,
    /// While the returned `Pin<Box<dyn Future>>` is polled; this is what `async_trait` makes of an `async fn`.
    BoxedFuture,
}

impl Model {
    /// Checks the rules that need both the function and the arguments.
    pub(crate) fn build(diag: &mut Diag, attribute: &'static Attribute, args: Vec<Arg>, func: Func) -> Self {
        if let Some(token) = &func.sig.constness {
            let (name, example, function) = (attribute.name, attribute.example, &func.sig.ident);
            let message =
                format_args!("`#[{name}]` cannot measure a `const fn`, which may run while compiling; remove `const`");
            diag.error(token.span, format_args!("{message}\nexample: {example} fn {function}() {{ .. }}"));
        }
        check_missing(diag, attribute, &args);
        check_words(diag, attribute, &args, &func);
        let facts = facts(attribute, &args, &func);
        let labels = labels(diag, attribute, &args, &func);
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
            let message =
                format_args!("`#[{name}]` times nothing, so that there is nothing to leave out; remove `time`");
            diag.error(span, format_args!("{message}\nexample: {example}"));
        }
        let one_in = one_in.map(|(it, _)| it);
        let judgement = judgement(diag, attribute, rest);
        let shape = shape(&func);
        check_output(diag, attribute, &func, &judgement);
        check_labels(diag, attribute, &func, &labels);
        Self { attribute, func, shape, labels, declared, uses, one_in, objective, facts, judgement, krate }
    }

    /// The labels whose values are known when a call begins, and no literals.
    pub(crate) fn given(&self) -> impl Iterator<Item = &LabelValue> {
        self.labels.iter().map(|(_, it)| it).filter(|it| matches!(it, LabelValue::Given(_) | LabelValue::Caller))
    }

    /// The closures that tell labels from the result.
    pub(crate) fn late(&self) -> impl Iterator<Item = &ExprClosure> {
        self.labels.iter().filter_map(|(_, it)| if let LabelValue::Late(it) = it { Some(&**it) } else { None })
    }

    /// Whether the call records into another series than that of the site's literals.
    pub(crate) fn picks(&self) -> bool {
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

/// A word without quotes that is no argument of the function is a label whose quotes were forgotten.
fn check_words(diag: &mut Diag, attribute: &'static Attribute, args: &[Arg], func: &Func) {
    let names = arguments(func);
    for arg in args.iter().filter(|it| it.spec.kind == ArgumentKind::Label) {
        let Some(Value::Expression(expression)) = &arg.value else { continue };
        let Some(word) = word(expression) else { continue };
        let constant = word.starts_with(|it: char| it.is_uppercase());
        if constant || word.split('-').any(|it| it == "self" || names.iter().any(|name| name == it)) {
            continue;
        }
        if word.starts_with("skip") {
            let (name, example) = (attribute.name, "#[measured] impl Name { #[measured(skip)] fn name() { .. } }");
            let skip = args::SKIP;
            diag.error(
                expression.span(),
                format_args!("`#[{name}]` has no argument `{word}`{skip}\nexample: {example}"),
            );
            continue;
        }
        let mut flags = args::specs(attribute).filter(|it| it.kind == ArgumentKind::Flag);
        if let Some(flag) = flags.find(|it| did_you_mean(&word, [it.key].into_iter()).is_some()) {
            let (name, key, example) = (attribute.name, flag.key, args::example(attribute, flag));
            let message =
                format_args!("`#[{name}]` has no argument `{word}`; did you mean `{key}`, or the label \"{word}\"?");
            diag.error(expression.span(), format_args!("{message}\nexample: {example}"));
            continue;
        }
        let known = if names.is_empty() {
            "it has none".to_owned()
        } else {
            format!("it has {}", names.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", "))
        };
        diag.error(
            expression.span(),
            format_args!(
                "the function has no argument `{word}` ({known}); write \"{word}\" if it is the label's value\nexample: {}",
                args::example(attribute, arg.spec)
            ),
        );
    }
}

/// `patterns`, and `user-events`, which is a subtraction to the compiler.
fn word(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::Binary(it) if matches!(it.op, BinOp::Sub(_)) => Some(format!("{}-{}", word(&it.left)?, word(&it.right)?)),
        _ => None,
    }
}

/// The names that the patterns of the function's arguments bind.
fn arguments(func: &Func) -> Vec<String> {
    struct Names(Vec<String>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            self.0.push(pat.ident.to_string());
            syn::visit::visit_pat_ident(self, pat);
        }
    }
    let mut names = Names(Vec::new());
    for input in &func.sig.inputs {
        match input {
            FnArg::Receiver(_) => names.0.push("self".to_owned()),
            FnArg::Typed(typed) => names.visit_pat(&typed.pat),
        }
    }
    // Constant parameters are values as well.
    names.0.extend(func.sig.generics.const_params().map(|it| it.ident.to_string()));
    names.0
}

fn check_labels(diag: &mut Diag, attribute: &'static Attribute, func: &Func, labels: &[(String, LabelValue)]) {
    let example = attribute.example;
    let late: Vec<_> =
        labels.iter().filter_map(|(_, it)| if let LabelValue::Late(it) = it { Some(it) } else { None }).collect();
    if returns_never(func)
        && let Some(closure) = late.first()
    {
        let message = "the label comes from the returned value, and this function never returns one";
        diag.error(closure.span(), format_args!("{message}\nexample: {example}"));
    }
    if args::is_declared(attribute)
        && let Some(closure) = late.get(1)
    {
        diag.error(
            closure.span(),
            format_args!("only one label of a declared family can come from the result\nexample: {example}"),
        );
    }
    if let Some(asyncness) =
        func.sig.asyncness.filter(|_| labels.iter().any(|(_, it)| matches!(it, LabelValue::Caller)))
    {
        let message = "the caller of an `async fn` is not known, since the future runs later; remove `caller`";
        diag.error(asyncness.span, format_args!("{message}, or return an `impl Future`\nexample: {example}"));
    }
}

fn check_output(diag: &mut Diag, attribute: &'static Attribute, func: &Func, judgement: &Judgement) {
    let (name, function) = (attribute.name, &func.sig.ident);
    let never = returns_never(func);
    let nothing = never || matches!(func.sig.output, ReturnType::Default);
    let span = match &func.sig.output {
        ReturnType::Default => function.span(),
        ReturnType::Type(_, ty) => ty.span(),
    };
    let needs = match judgement {
        Judgement::Score { .. } => Some((
            "a score from 0 to 1: `f64`, an `Option` or a `Result` of one, or a type with `measurand::Score`",
            "f64",
        )),
        Judgement::Level => {
            Some(("a number: `u64`, `f64`, an `Option` or a `Result` of one, or a type with `measurand::Level`", "u64"))
        }
        Judgement::Lookup => Some((
            "what was found: an `Option`, a `Result` of one, or a type with `measurand::Found`",
            "Option<String>",
        )),
        Judgement::ByType | Judgement::Predicate { .. } | Judgement::Declared { .. } => None,
    };
    match (judgement, needs) {
        (_, Some((forms, form))) if nothing => {
            let example = format_args!("{} fn {function}() -> {form} {{ .. }}", attribute.example);
            diag.error(span, format_args!("a function under `#[{name}]` returns {forms}\nexample: {example}"));
        }
        (Judgement::Predicate { .. }, _) if never => {
            let message = "`ok_if` and `error_if` ask about the returned value, and this function never returns one";
            diag.error(
                span,
                format_args!("{message}; remove them\nexample: {} fn {function}() -> ! {{ .. }}", attribute.example),
            );
        }
        _ => {}
    }
}

fn check_missing(diag: &mut Diag, attribute: &'static Attribute, args: &[Arg]) {
    let given = |key: &str| args.iter().any(|it| it.spec.key == key);
    let missing: Vec<String> = args::specs(attribute)
        .filter(|it| it.absent == Absent::Required && !given(it.key))
        .map(|it| format!("`{}`", it.key))
        .collect();
    // Another word may stand for what is missing; it has been reported.
    if !missing.is_empty() && !args.iter().any(args::is_unknown) {
        let noun = if missing.len() == 1 { "argument" } else { "arguments" };
        diag.error(
            Span::call_site(),
            format_args!("missing {noun} {}\nexample: {}", missing.join(", "), attribute.example),
        );
    }
}

fn labels(diag: &mut Diag, attribute: &'static Attribute, args: &[Arg], func: &Func) -> Vec<(String, LabelValue)> {
    let value = |arg: &Arg| match &arg.value {
        Some(Value::Text(text)) => Some(LabelValue::Literal(text.value())),
        Some(Value::Expression(it)) => Some(LabelValue::Given(it.clone())),
        Some(Value::Late(it)) => Some(LabelValue::Late(it.clone())),
        _ => None,
    };
    let mut labels: Vec<(String, LabelValue)> = if args::is_declared(attribute) {
        let own = args.iter().filter(|it| it.spec.kind == ArgumentKind::Label);
        own.filter_map(|it| Some((it.key.clone(), value(it)?))).collect()
    } else {
        let value = |name: &'static str| {
            let given = args.iter().find(|it| it.key == name).and_then(value);
            let value = match (given, attribute.arguments.iter().find(|it| it.key == name)) {
                (Some(value), _) => value,
                (_, Some(spec)) if spec.absent == Absent::FunctionName => LabelValue::Literal(func.label.clone()),
                // A label without an argument is the module's path; a required one that is missing has been reported.
                _ => LabelValue::ModulePath,
            };
            (name.to_owned(), value)
        };
        attribute.family.labels.iter().map(|it| value(it.name)).collect()
    };
    if let Some(arg) = args.iter().find(|it| it.spec.kind == ArgumentKind::Flag) {
        if arg.value.is_some() && is_foreign(func) {
            let message = "a function that other languages call does not know its caller; remove `caller`";
            diag.error(arg.span, format_args!("{message}\nexample: {}", attribute.example));
        }
        labels.push((CALLER_LABEL.to_owned(), LabelValue::Caller));
    }
    labels
}

/// Whether other languages call the function, whose calls leave no place behind.
fn is_foreign(func: &Func) -> bool {
    let abi = func.sig.abi.as_ref().is_some_and(|it| it.name.as_ref().is_none_or(|it| it.value() != "Rust"));
    abi || func.attrs.iter().any(|it| it.path().is_ident("no_mangle"))
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

/// The argument that says which scores are a success, if the attribute has one.
fn threshold_of(attribute: &'static Attribute) -> Option<&'static Argument> {
    attribute.arguments.iter().find(|it| it.kind == ArgumentKind::Share)
}

fn judgement(diag: &mut Diag, attribute: &'static Attribute, args: Vec<Arg>) -> Judgement {
    let declared = args::is_declared(attribute);
    let (mut predicate, mut rollback, mut threshold) = (None, None, DEFAULT_THRESHOLD);
    for Arg { spec, span, value, .. } in args {
        match (spec.kind, value) {
            (ArgumentKind::Predicate, value) => {
                if !declared && !attribute.family.tells_outcome() {
                    let (name, key) = (attribute.name, spec.key);
                    let score = has(attribute, Role::Score);
                    let why = if score { "since the score decides" } else { "since it counts no errors" };
                    let mend = threshold_of(attribute).map_or_else(
                        || format!("; remove it\nexample: {}", attribute.example),
                        |it| format!("; set `{}`\nexample: {}", it.key, args::example(attribute, it)),
                    );
                    diag.error(span, format_args!("`#[{name}]` takes no `{key}`, {why}{mend}"));
                } else if predicate.is_some() {
                    let example = args::example(attribute, spec);
                    diag.error(
                        span,
                        format_args!("`ok_if` and `error_if` exclude each other; remove one\nexample: {example}"),
                    );
                }
                if let Some(Value::Expression(it)) = value {
                    predicate = Some(Judgement::Predicate { predicate: it, holds_when_ok: spec.key == "ok_if" });
                }
            }
            (ArgumentKind::Expression, Some(Value::Expression(it))) => rollback = Some(it),
            (ArgumentKind::Share, Some(Value::Share(it))) => threshold = it,
            _ => {}
        }
    }
    match predicate {
        Some(predicate) => predicate,
        None if declared => Judgement::Declared { threshold, rollback },
        None if has(attribute, Role::Score) => Judgement::Score { threshold, rollback },
        None if has(attribute, Role::Level) => Judgement::Level,
        None if has(attribute, Role::Hits) => Judgement::Lookup,
        None => Judgement::ByType,
    }
}

/// Whether the return type is `!`, of an `async fn` too.
pub(crate) fn returns_never(func: &Func) -> bool {
    matches!(&func.sig.output, ReturnType::Type(_, ty) if matches!(bare(ty), Type::Never(_)))
}

/// Types do not exist yet, only tokens, so the shape goes by names. What they do not tell (a future behind an alias of
/// another name or behind an associated type) counts as `Sync`.
fn shape(func: &Func) -> Shape {
    if func.sig.asyncness.is_some() {
        return Shape::Async;
    }
    let ReturnType::Type(_, ty) = &func.sig.output else { return Shape::Sync };
    let ty = bare(ty);
    let boxed = || inside(inside(ty, "Pin")?, "Box");
    match ty {
        Type::Never(_) => return Shape::Never,
        Type::ImplTrait(_) if !names(ty, "Future") => return Shape::Opaque,
        // The future that measures borrows from itself; only a box can be moved after the first poll.
        Type::ImplTrait(_) if names(ty, "Unpin") => return Shape::BoxedFuture,
        Type::ImplTrait(_) => return Shape::ImplFuture,
        _ => {}
    }
    if is_named(ty, "BoxFuture") || is_named(ty, "LocalBoxFuture") || boxed().is_some_and(|it| names(it, "Future")) {
        return Shape::BoxedFuture;
    }
    Shape::Sync
}

/// The type without the parentheses, or the invisible group that a macro by example puts around it.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(it) => bare(&it.elem),
        Type::Paren(it) => bare(&it.elem),
        _ => ty,
    }
}

/// Whether the last name in the path of the type is this one.
fn is_named(ty: &Type, name: &str) -> bool {
    last(ty).is_some_and(|it| it.ident == name)
}

fn last(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(ty) => ty.path.segments.last(),
        _ => None,
    }
}

/// `T` of `name<T>`.
fn inside<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let PathArguments::AngleBracketed(arguments) = &last(ty).filter(|it| it.ident == name)?.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|it| match it {
        GenericArgument::Type(ty) => Some(bare(ty)),
        _ => None,
    })
}

/// Whether it is a `Result`, by its name.
pub(crate) fn is_result(ty: &Type) -> bool {
    is_named(bare(ty), "Result")
}

/// `T` of `impl Future<Output = T>`.
pub(crate) fn future_output(func: &Func) -> Option<&Type> {
    let ReturnType::Type(_, ty) = &func.sig.output else { return None };
    let Type::ImplTrait(ty) = bare(ty) else { return None };
    let arguments = ty.bounds.iter().filter_map(|it| match it {
        TypeParamBound::Trait(it) => match &it.path.segments.last()?.arguments {
            PathArguments::AngleBracketed(arguments) => Some(arguments.args.iter()),
            _ => None,
        },
        _ => None,
    });
    arguments.flatten().find_map(|it| match it {
        GenericArgument::AssocType(it) if it.ident == "Output" => Some(&it.ty),
        _ => None,
    })
}

/// Whether `impl A + B` or `dyn A + B` names this trait.
fn names(ty: &Type, name: &str) -> bool {
    let bounds = match ty {
        Type::ImplTrait(ty) => &ty.bounds,
        Type::TraitObject(ty) => &ty.bounds,
        _ => return false,
    };
    bounds.iter().any(|it| match it {
        TypeParamBound::Trait(it) => it.path.segments.last().is_some_and(|it| it.ident == name),
        _ => false,
    })
}
