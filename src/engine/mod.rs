//! Executes documents against the schema: knows the kit and the schema, knows no domain and no actix.
//!
//! - [`scan`] and [`size`] refuse dangerous documents before the parser and the validation see them;
//! - [`cost`]: what an operation costs, before it is executed; [`run`]: one query or mutation to its answer;
//! - [`live`]: one subscription to its stream of answers, executed once for all who asked the same;
//! - [`answers`]: public answers kept whole; [`documents`]: which document a request means; [`registered`]: the trusted
//!   ones; [`members`] and [`usage`]: what of the schema they use, and how often; [`measure`]: what a document costs.

pub mod answers;
pub mod cost;
pub mod documents;
pub mod live;
pub mod measure;
pub mod members;
pub mod registered;
pub mod run;
pub mod scan;
pub mod size;
pub mod usage;

use std::sync::Arc;

use crate::{
    app::App,
    db::ids::{EntityId, MemberId},
    events::{StreamName, log},
    graphql::{Client, Viewer},
    schema::AppSchema,
};

/// Who sends a request.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The member, if signed in.
    pub viewer: Option<Viewer>,
    /// From where and with what.
    pub client: Client,
}

/// The engine of one process. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

/// The parts of the engine.
pub struct Parts {
    /// The application.
    pub app: App,
    /// Public answers.
    pub answers: answers::Answers,
    /// Documents that were read.
    pub documents: documents::Documents,
    pub(crate) schema: AppSchema,
    pub(crate) groups: live::Groups,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl std::ops::Deref for Engine {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Engine {
    /// Puts the engine together.
    #[must_use]
    pub fn new(app: App, schema: AppSchema) -> Self {
        cost::get_ready();
        Self(Arc::new(Parts {
            app,
            answers: answers::Answers::default(),
            documents: documents::Documents::default(),
            schema,
            groups: live::Groups::default(),
        }))
    }

    /// Asks the database for something small that needs its tables to be there.
    ///
    /// # Errors
    /// If it cannot be reached, or is not migrated.
    pub async fn reach_database(&self) -> diesel::QueryResult<()> {
        let mut conn = self.app.conn().await?;
        let anybody = StreamName::User(MemberId::from_uuid(uuid::Uuid::nil()));
        log::position(&mut conn, anybody).await.map(drop)
    }
}
