//! Enforces the table.

use std::{borrow::Cow, pin::Pin};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Guard, ObjectType, OutputType, Positioned, Response,
    ServerError, ServerResult, SubscriptionType, Value,
    parser::types::Field,
    registry::{MetaType, Registry},
    resolver_utils,
};
use futures_util::{Stream, StreamExt, stream};

use super::{
    Access,
    table::{self, WHILE_SUSPENDED},
};
use crate::{
    domains::accounts::{loaders::MemberById, model::Permission},
    graphql::{ApiError, ContextExt, Suspended},
};

/// A root of the schema behind the table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guarded<T>(pub T);

/// The guard of an object type that has an entry in [`table::OBJECTS`].
#[derive(Clone, Copy, Debug)]
pub struct Needs(pub &'static str);

impl Guard for Needs {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        Ok(admit(ctx, table::of("", self.0)).await?)
    }
}

/// Lets a caller pass, or says why not.
///
/// # Errors
/// `UNAUTHENTICATED` for anonymous callers, `FORBIDDEN` for those without the right and for what is not declared.
pub async fn admit(ctx: &Context<'_>, access: Option<Access>) -> Result<(), ApiError> {
    match access {
        Some(Access::Anybody | Access::Visible) => Ok(()),
        Some(Access::SignedIn | Access::Party(_)) => {
            ctx.viewer().map(drop).ok_or_else(ApiError::unauthenticated)
        }
        Some(Access::Role(role)) => {
            let viewer = ctx.viewer().ok_or_else(ApiError::unauthenticated)?;
            let member = ctx.hot(MemberById(viewer.member_id)).await?;
            if member.is_some_and(|member| member.has_role(role)) {
                Ok(())
            } else {
                Err(ApiError::forbidden())
            }
        }
        Some(Access::Permission(permission)) => privileged(ctx, permission).await,
        None => Err(ApiError::forbidden()),
    }
}

/// Whether the caller may use what a permission opens now. What the privileged change, they change after
/// [`stepped_up`](crate::domains::second_factor::mutation::stepped_up).
///
/// # Errors
/// `UNAUTHENTICATED`, `FORBIDDEN` or `ACCOUNT_SUSPENDED`.
pub async fn privileged(ctx: &Context<'_>, permission: Permission) -> Result<(), ApiError> {
    let viewer = ctx.viewer().ok_or_else(ApiError::unauthenticated)?;
    let now = ctx.app().clock.now();
    let member = ctx.hot(MemberById(viewer.member_id)).await?;
    let member = member.filter(|member| member.may(permission)).ok_or_else(ApiError::forbidden)?;
    match member.suspension_at(now) {
        Some(suspension) => Err(ApiError::Suspended { until: suspension.until }),
        None => Ok(()),
    }
}

/// Writes the access of every field of a root into its description.
fn declare(registry: &mut Registry, root: &str) {
    let Some(MetaType::Object { fields, .. }) = registry.types.get_mut(root) else { return };
    for (name, field) in fields {
        let Some(access) = table::of(root, name) else { continue };
        let (sentence, told) = (access.sentence(), field.description.get_or_insert_default());
        if !told.contains(&sentence) {
            told.push_str(if told.is_empty() { "" } else { "\n\n" });
            told.push_str(&sentence);
        }
    }
}

impl<T: ObjectType> ContainerType for Guarded<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let (root, name) = (T::type_name(), ctx.item.node.name.node.as_str());
        let admitted = async {
            if root == "Mutation" {
                look_at_suspension(ctx, name).await?;
            }
            // The library's own fields, such as `__schema`, are not ours to guard.
            if name.starts_with("__") { Ok(()) } else { admit(ctx, table::of(&root, name)).await }
        };
        match admitted.await {
            Ok(()) => self.0.resolve_field(ctx).await,
            // The mutation tells it as data.
            Err(ApiError::Suspended { until }) if root == "Mutation" => {
                ctx.scope().suspend(Some(Suspended { until }));
                self.0.resolve_field(ctx).await
            }
            Err(error) => {
                // The field is null, its neighbours stay.
                ctx.add_error(ctx.set_error_path(server_error(ctx, error)));
                Ok(Some(Value::Null))
            }
        }
    }
}

/// A suspended member is told so by the mutation itself, as data.
async fn look_at_suspension(ctx: &Context<'_>, name: &str) -> Result<(), ApiError> {
    let suspension = match ctx.viewer() {
        Some(viewer) if !WHILE_SUSPENDED.contains(&name) => {
            let now = ctx.app().clock.now();
            let member = ctx.hot(MemberById(viewer.member_id)).await?;
            member.and_then(|member| member.suspension_at(now))
        }
        Some(_) | None => None,
    };
    ctx.scope().suspend(suspension.map(|suspension| Suspended { until: suspension.until }));
    Ok(())
}

fn server_error(ctx: &Context<'_>, error: ApiError) -> ServerError {
    async_graphql::Error::from(error).into_server_error(ctx.item.pos)
}

impl<T: ObjectType> OutputType for Guarded<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let name = T::create_type_info(registry);
        declare(registry, &T::type_name());
        name
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolver_utils::resolve_container(ctx, self).await
    }
}

impl<T: ObjectType> ObjectType for Guarded<T> {}

impl<T: SubscriptionType> SubscriptionType for Guarded<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let name = T::create_type_info(registry);
        declare(registry, &T::type_name());
        name
    }

    fn create_field_stream<'a>(
        &'a self,
        ctx: &'a Context<'_>,
    ) -> Option<Pin<Box<dyn Stream<Item = Response> + Send + 'a>>> {
        // Whoever runs was let in when it was planned, and is planned again when the rights change.
        if ctx.scope().is_running() {
            return self.0.create_field_stream(ctx);
        }
        let access = table::of(&T::type_name(), &ctx.item.node.name.node);
        let admitted = stream::once(async move { admit(ctx, access).await });
        Some(
            admitted
                .flat_map(move |admitted| match admitted {
                    Ok(()) => self.0.create_field_stream(ctx).unwrap_or_else(|| stream::empty().boxed()),
                    Err(error) => {
                        let refused = Response::from_errors(vec![server_error(ctx, error)]);
                        stream::once(async { refused }).boxed()
                    }
                })
                .boxed(),
        )
    }
}
