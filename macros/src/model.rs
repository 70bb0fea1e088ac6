//! What will be generated, as plain data with every rule already checked.

use crate::args::{self, Arg, Value};
use crate::diag::Diag;
use crate::docs::Docs;
use crate::func::Func;
use measurand_catalog::{Absent, Argument, ArgumentKind, Attribute, Role, attribute::DEFAULT_THRESHOLD};
use proc_macro2::Span;
use syn::{
    Expr, GenericArgument, Path, PathArguments, PathSegment, ReturnType, Type, TypeParamBound, spanned::Spanned as _,
};

/// One annotated function.
pub(crate) struct Model {
    pub(crate) attribute: &'static Attribute,
    pub(crate) func: Func,
    pub(crate) shape: Shape,
    /// A value for each label of the family, in the family's order.
    pub(crate) labels: Vec<(&'static str, LabelValue)>,
    /// What else the record says.
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) judgement: Judgement,
    /// The user's path of `measurand`, where it is another than `::measurand`.
    pub(crate) krate: Option<Path>,
}

/// Where a label's value comes from.
pub(crate) enum LabelValue {
    Literal(String),
    /// The path of the module, which only the compiler knows.
    ModulePath,
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
        let labels = labels(attribute, &args, &func);
        let facts = facts(attribute, &args, &func);
        let (judgement, krate) = judgement(diag, attribute, args);
        let shape = shape(&func);
        check_output(diag, attribute, &func, &judgement);
        Self { attribute, func, shape, labels, facts, judgement, krate }
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
        Judgement::ByType | Judgement::Predicate { .. } => None,
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
    if !missing.is_empty() {
        let noun = if missing.len() == 1 { "argument" } else { "arguments" };
        diag.error(
            Span::call_site(),
            format_args!("missing {noun} {}\nexample: {}", missing.join(", "), attribute.example),
        );
    }
}

fn labels(attribute: &'static Attribute, args: &[Arg], func: &Func) -> Vec<(&'static str, LabelValue)> {
    let value = |name: &'static str| {
        let given = args.iter().find(|it| it.spec.key == name).and_then(|it| it.value.as_ref());
        let value = match (given, attribute.arguments.iter().find(|it| it.key == name)) {
            (Some(Value::Text(text)), _) => LabelValue::Literal(text.value()),
            (_, Some(spec)) if spec.absent == Absent::FunctionName => LabelValue::Literal(name_of(func)),
            // A label without an argument is the module's path; a required one that is missing has been reported.
            _ => LabelValue::ModulePath,
        };
        (name, value)
    };
    attribute.family.labels.iter().map(|it| value(it.name)).collect()
}

fn facts(attribute: &'static Attribute, args: &[Arg], func: &Func) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    for arg in args {
        match (arg.spec.kind, &arg.value) {
            (ArgumentKind::Text | ArgumentKind::OneOf(_), Some(Value::Text(text))) => {
                facts.push((arg.spec.key, measurand_catalog::record::clean(&text.value())));
            }
            (ArgumentKind::Share, Some(Value::Share(share))) => facts.push((arg.spec.key, share.to_string())),
            (ArgumentKind::Predicate, _) => facts.push(("outcome", arg.spec.key.to_owned())),
            _ => {}
        }
    }
    if threshold_of(attribute).is_some() && facts.iter().all(|(key, _)| *key != "threshold") {
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

fn judgement(diag: &mut Diag, attribute: &'static Attribute, args: Vec<Arg>) -> (Judgement, Option<Path>) {
    let has = |role| attribute.family.metric(role).is_some();
    let (mut predicate, mut rollback, mut krate, mut threshold) = (None, None, None, DEFAULT_THRESHOLD);
    for Arg { spec, span, value } in args {
        match (spec.kind, value) {
            (ArgumentKind::Predicate, value) => {
                if !attribute.family.tells_outcome() {
                    let (name, key) = (attribute.name, spec.key);
                    let why = if has(Role::Score) { "since the score decides" } else { "since it counts no errors" };
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
            (ArgumentKind::Path, Some(Value::Path(it))) => krate = Some(it),
            (ArgumentKind::Share, Some(Value::Share(it))) => threshold = it,
            _ => {}
        }
    }
    let judgement = match predicate {
        Some(predicate) => predicate,
        None if has(Role::Score) => Judgement::Score { threshold, rollback },
        None if has(Role::Level) => Judgement::Level,
        None if has(Role::Hits) => Judgement::Lookup,
        None => Judgement::ByType,
    };
    (judgement, krate)
}

/// The function's name as users read it: `r#match` is `match`.
pub(crate) fn name_of(func: &Func) -> String {
    let name = func.sig.ident.to_string();
    name.strip_prefix("r#").map_or(name.clone(), str::to_owned)
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
