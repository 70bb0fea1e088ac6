//! What the signature says of the body: when it runs, and what it returns.

use crate::func::Func;
use syn::{GenericArgument, PathArguments, PathSegment, ReturnType, Type, TypeParamBound};

/// When the body runs, which decides where the measurement goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FnKind {
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
    /// While the returned `impl Stream` is polled, until it ends.
    ImplStream,
    /// While the returned `Pin<Box<dyn Stream>>` is polled, until it ends.
    BoxedStream,
}

/// Whether the return type is `!`, of an `async fn` too.
pub(crate) fn returns_never(func: &Func) -> bool {
    matches!(&func.sig.output, ReturnType::Type(_, ty) if matches!(bare(ty), Type::Never(_)))
}

/// The traits of a stream, by name.
const STREAMS: [&str; 3] = ["Stream", "TryStream", "FusedStream"];

/// Whether a type is a stream by its name: `impl Stream`, `Pin<Box<dyn Stream>>`, `BoxStream`, `LocalBoxStream`.
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

/// Types do not exist yet, only tokens, so the kind follows from names. What they do not tell (a future behind an alias of
/// another name or behind an associated type) counts as `Sync`.
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
        // The future that measures borrows from itself; only a box can be moved after the first poll.
        Type::ImplTrait(_) if names(ty, "Unpin") => return FnKind::BoxedFuture,
        Type::ImplTrait(_) => return FnKind::ImplFuture,
        _ => {}
    }
    if is_named(ty, "BoxFuture") || is_named(ty, "LocalBoxFuture") || boxed().is_some_and(|it| names(it, "Future")) {
        return FnKind::BoxedFuture;
    }
    FnKind::Sync
}

/// The type without the parentheses, or the invisible group that a macro by example puts around it.
pub(crate) fn bare(ty: &Type) -> &Type {
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

/// `T` of `impl Future<Output = T>`, of `Pin<Box<dyn Future<Output = T>>>` and of `BoxFuture<'_, T>`.
pub(crate) fn future_output(func: &Func) -> Option<&Type> {
    associated(func, "Output", &["BoxFuture", "LocalBoxFuture"])
}

/// `T` of `impl Stream<Item = T>`, of `Pin<Box<dyn Stream<Item = T>>>` and of `BoxStream<'_, T>`.
pub(crate) fn stream_item(func: &Func) -> Option<&Type> {
    associated(func, "Item", &["BoxStream", "LocalBoxStream"])
}

/// The type that a bound of the result calls `name`, or that stands in an alias of the result.
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
