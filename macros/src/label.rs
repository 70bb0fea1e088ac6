//! The sources of label values, and the checks on them.

use crate::args::{self, Arg, Value};
use crate::diag::{Diag, did_you_mean};
use crate::fn_kind::{is_stream, returns_never};
use crate::func::Func;
use crate::readable::source;
use measurand_catalog::{Absent, ArgumentKind, Attribute, CALLER_LABEL, FUNCTION_LABEL, MODULE_LABEL};
use proc_macro2::Span;
use quote::ToTokens as _;
use syn::{BinOp, Expr, ExprClosure, FnArg, spanned::Spanned as _, visit::Visit};

/// The source of a label's value.
pub(crate) enum LabelValue {
    Literal(String),
    /// The path of the module, which only the compiler knows.
    ModulePath,
    /// The value of an expression, evaluated before the body runs.
    Given(Box<Expr>),
    /// The value of a closure that gets the result.
    FromResult(Box<ExprClosure>),
    /// The file and line of the call.
    Caller,
}

impl LabelValue {
    /// The expression as the record shows it; `None` for a literal and for the module's path.
    pub(crate) fn expression(&self) -> Option<String> {
        match self {
            LabelValue::Literal(_) | LabelValue::ModulePath => None,
            LabelValue::Given(it) => Some(source(&it.to_token_stream())),
            // Drops `move`, which tells a reader nothing, so a closure always starts with `|`.
            LabelValue::FromResult(it) => {
                Some(source(&ExprClosure { capture: None, ..(**it).clone() }.to_token_stream()))
            }
            LabelValue::Caller => Some("the file and line of the call".to_owned()),
        }
    }
}

pub(crate) fn labels(
    diag: &mut Diag,
    attribute: &'static Attribute,
    args: &[Arg],
    func: &Func,
) -> Vec<(String, LabelValue)> {
    let value = |arg: &Arg| match &arg.value {
        Some(Value::Text(text)) => Some(LabelValue::Literal(text.value())),
        Some(Value::Expression(it)) => Some(LabelValue::Given(it.clone())),
        Some(Value::FromResult(it)) => Some(LabelValue::FromResult(it.clone())),
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
                // A label without an argument is the module's path. A missing required argument has been reported.
                _ => LabelValue::ModulePath,
            };
            (name.to_owned(), value)
        };
        attribute.family.labels.iter().map(|it| value(it.name)).collect()
    };
    if args.iter().any(|it| matches!(it.value, Some(Value::Objective(_)))) {
        label_function(diag, attribute, func, &mut labels);
    }
    if let Some(arg) = args.iter().find(|it| it.spec.kind == ArgumentKind::Flag) {
        if arg.value.is_some() && is_foreign(func) {
            let message = "other languages may call this function, so its caller is unknown; remove `caller`";
            diag.error(arg.span, format_args!("{message}\nexample: {}", attribute.example));
        }
        labels.push((CALLER_LABEL.to_owned(), LabelValue::Caller));
    }
    labels
}

/// Gives a function with an objective a series of its own: the objective covers the calls of this function only.
fn label_function(diag: &mut Diag, attribute: &'static Attribute, func: &Func, labels: &mut Vec<(String, LabelValue)>) {
    match labels.iter().find(|(name, _)| name == FUNCTION_LABEL) {
        Some((_, LabelValue::Given(it))) => no_objective(diag, attribute, it.span()),
        Some((_, LabelValue::FromResult(it))) => no_objective(diag, attribute, it.span()),
        Some(_) => {}
        None => labels.push((FUNCTION_LABEL.to_owned(), LabelValue::Literal(func.label.clone()))),
    }
    if labels.iter().all(|(name, _)| name != MODULE_LABEL) {
        labels.push((MODULE_LABEL.to_owned(), LabelValue::ModulePath));
    }
}

fn no_objective(diag: &mut Diag, attribute: &'static Attribute, span: Span) {
    let message = "an objective covers a single function, but this value of the label `function` may name several";
    diag.error(
        span,
        format_args!("{message}; write a string literal, or remove `slo`\nexample: {}", attribute.example),
    );
}

/// Whether other languages may call the function. Such a call has no Rust caller.
fn is_foreign(func: &Func) -> bool {
    let abi = func.sig.abi.as_ref().is_some_and(|it| it.name.as_ref().is_none_or(|it| it.value() != "Rust"));
    abi || func.attrs.iter().any(|it| it.path().is_ident("no_mangle"))
}

/// Reports a word without quotes that is not an argument of the function: probably a label value without its quotes.
pub(crate) fn check_words(diag: &mut Diag, attribute: &'static Attribute, args: &[Arg], func: &Func) {
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
                "the function has no argument `{word}` ({known}); write \"{word}\" if it is the label's value\n\
                 example: {}",
                args::example(attribute, arg.spec)
            ),
        );
    }
}

/// The text of `patterns`, or of `user-events`, which the parser reads as a subtraction.
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
    // Constant parameters are values, too.
    names.0.extend(func.sig.generics.const_params().map(|it| it.ident.to_string()));
    names.0
}

pub(crate) fn check_labels(
    diag: &mut Diag,
    attribute: &'static Attribute,
    func: &Func,
    labels: &[(String, LabelValue)],
) {
    let example = attribute.example;
    let from_result: Vec<_> =
        labels.iter().filter_map(|(_, it)| if let LabelValue::FromResult(it) = it { Some(it) } else { None }).collect();
    if returns_never(func)
        && let Some(closure) = from_result.first()
    {
        let message = "the label comes from the returned value, but this function never returns one";
        diag.error(closure.span(), format_args!("{message}; write a string literal\nexample: {example}"));
    }
    if is_stream(func)
        && let Some(closure) = from_result.first()
    {
        let message = "the label comes from the returned value, but this function returns a stream";
        let help = "write a string literal or an expression over the arguments";
        diag.error(closure.span(), format_args!("{message}; {help}\nexample: {example}"));
    }
    if args::is_declared(attribute)
        && let Some(closure) = from_result.get(1)
    {
        diag.error(
            closure.span(),
            format_args!("only one label of a declared family can come from the result\nexample: {example}"),
        );
    }
    if let Some(asyncness) =
        func.sig.asyncness.filter(|_| labels.iter().any(|(_, it)| matches!(it, LabelValue::Caller)))
    {
        let message = "the caller of an `async fn` is unknown, because the future runs later; remove `caller`";
        diag.error(asyncness.span, format_args!("{message}, or return an `impl Future`\nexample: {example}"));
    }
}
