//! The kind of a function, by its signature: when its body runs, and what it returns.

use crate::func::Func;
use syn::{GenericArgument, PathArguments, PathSegment, ReturnType, Type, TypeParamBound};

/// The time when the body runs. It decides where the measurement goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FnKind {
    /// While the function runs.
    Sync,
    /// While the function runs; it returns an `impl Trait`. The body stays in place if possible, because the compiler
    /// does not infer argument types of a closure inside another closure from the traits.
    Opaque,
    /// While the function runs; it never returns.
    Never,
    /// While the future of an `async fn` is polled.
    Async,
    /// While the returned `impl Future` is polled.
    ImplFuture,
    /// While the returned `Pin<Box<dyn Future>>` is polled; `async_trait` turns an `async fn` into this form.
    BoxedFuture,
    /// While the returned `impl Stream` is polled, until it ends.
    ImplStream,
    /// While the returned `Pin<Box<dyn Stream>>` is polled, until it ends.
    BoxedStream,
}

/// Whether the return type is `!`, also for an `async fn`.
pub(crate) fn returns_never(func: &Func) -> bool {
    matches!(&func.sig.output, ReturnType::Type(_, ty) if matches!(bare(ty), Type::Never(_)))
}

/// The names of the traits of a stream.
const STREAMS: [&str; 3] = ["Stream", "TryStream", "FusedStream"];

/// Whether the name of the return type is that of a stream: `impl Stream`, `Pin<Box<dyn Stream>>`, `BoxStream`,
/// `LocalBoxStream`.
pub(crate) fn is_stream(func: &Func) -> bool {
    let ReturnType::Type(_, ty) = &func.sig.output else { return false };
    stream_kind(bare(ty)).is_some()
}

fn stream_kind(ty: &Type) -> Option<FnKind> {
    let streams = |ty: &Type| STREAMS.iter().any(|name| names(ty, name));
    if matches!(ty, Type::ImplTrait(_)) && streams(ty) {
        return Some(FnKind::ImplStream);
    }
    let boxed = inside(ty, "Pin").and_then(|ty| inside(ty, "Box")).is_some_and(streams);
    (boxed || is_named(ty, "BoxStream") || is_named(ty, "LocalBoxStream")).then_some(FnKind::BoxedStream)
}

/// The kind of the function. It follows from names, because a macro sees tokens and not types. A future that no name
/// shows (behind another alias or an associated type) counts as `Sync`.
pub(crate) fn fn_kind(func: &Func) -> FnKind {
    if func.sig.asyncness.is_some() {
        return FnKind::Async;
    }
    let ReturnType::Type(_, ty) = &func.sig.output else { return FnKind::Sync };
    let ty = bare(ty);
    if let Some(kind) = stream_kind(ty) {
        return kind;
    }
    let boxed = || inside(inside(ty, "Pin")?, "Box");
    match ty {
        Type::Never(_) => return FnKind::Never,
        Type::ImplTrait(_) if !names(ty, "Future") => return FnKind::Opaque,
        // The measuring future borrows from itself; only a box can move after the first poll.
        Type::ImplTrait(_) if names(ty, "Unpin") => return FnKind::BoxedFuture,
        Type::ImplTrait(_) => return FnKind::ImplFuture,
        _ => {}
    }
    if is_named(ty, "BoxFuture") || is_named(ty, "LocalBoxFuture") || boxed().is_some_and(|it| names(it, "Future")) {
        return FnKind::BoxedFuture;
    }
    FnKind::Sync
}

/// The type without parentheses and without the invisible group that a macro by example puts around it.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(it) => bare(&it.elem),
        Type::Paren(it) => bare(&it.elem),
        _ => ty,
    }
}

/// Whether the last segment of the type's path has this name.
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
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(bare(ty)),
        _ => None,
    })
}

/// Whether the type is named `Result`.
pub(crate) fn is_result(ty: &Type) -> bool {
    is_named(bare(ty), "Result")
}

/// `T` of `impl Future<Output = T>`, of `Pin<Box<dyn Future<Output = T>>>` and of `BoxFuture<'_, T>`.
pub(crate) fn future_output(func: &Func) -> Option<&Type> {
    associated(func, "Output", &["BoxFuture", "LocalBoxFuture"])
}

/// `T` of `impl Stream<Item = T>`, of `Pin<Box<dyn Stream<Item = T>>>` and of `BoxStream<'_, T>`.
pub(crate) fn stream_item(func: &Func) -> Option<&Type> {
    associated(func, "Item", &["BoxStream", "LocalBoxStream"])
}

/// The associated type `name` in a bound of the return type, or the type argument of one of these aliases.
fn associated<'a>(func: &'a Func, name: &str, aliases: &[&str]) -> Option<&'a Type> {
    let ReturnType::Type(_, ty) = &func.sig.output else { return None };
    let ty = bare(ty);
    if let Some(alias) = aliases.iter().find(|alias| is_named(ty, alias)) {
        return inside(ty, alias);
    }
    let ty = inside(ty, "Pin").and_then(|ty| inside(ty, "Box")).unwrap_or(ty);
    let bounds = match ty {
        Type::ImplTrait(ty) => &ty.bounds,
        Type::TraitObject(ty) => &ty.bounds,
        _ => return None,
    };
    let arguments = bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => match &bound.path.segments.last()?.arguments {
            PathArguments::AngleBracketed(arguments) => Some(arguments.args.iter()),
            _ => None,
        },
        _ => None,
    });
    arguments.flatten().find_map(|argument| match argument {
        GenericArgument::AssocType(argument) if argument.ident == name => Some(&argument.ty),
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
