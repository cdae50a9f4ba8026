//! What a resolver may ask for.

use std::{
    future::Future,
    hash::Hash,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_graphql::{Context, ContextBase, dataloader::Loader};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream::BoxStream};

use super::{
    cookies::Cookies,
    error::{ApiCode, ApiError},
    feed::{Course, Feed, Plan},
    pass::Pass,
};
use crate::{
    app::App,
    db::{
        Conn,
        hot::{HotKey, Seen, Tag},
        ids::{AuthSessionId, EntityId, MemberId},
        loader::{LoadError, Loaders, Reader, loaders},
    },
    events::{Cursor, Event},
};

/// Who calls: a signed-in member on one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Viewer {
    /// The member.
    pub member_id: MemberId,
    /// The device.
    pub auth_session_id: AuthSessionId,
    /// When the access token ends.
    pub expires_at: DateTime<Utc>,
}

/// From where and with what a request came.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The program that the caller runs, in its own words.
    pub user_agent: Option<String>,
    /// The address that the request came from.
    pub ip: Option<IpAddr>,
    /// The app that the caller runs, if it says so.
    pub app: ClientApp,
    /// Present for web pages whose tokens travel in cookies.
    pub cookies: Option<Arc<Cookies>>,
    /// Present on a WebSocket whose member is known.
    pub pass: Option<Arc<Pass>>,
}

/// One of the apps that call, as it names itself; empty if it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientApp {
    /// Its name, such as `web`.
    pub name: Arc<str>,
    /// Its version, such as `1.4.2`.
    pub version: Arc<str>,
}

impl ClientApp {
    /// The longest name or version, in characters.
    pub const LONGEST: usize = 64;

    /// An app; what is too long or cannot be printed is cut away.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        let clean = |text: &str| -> Arc<str> {
            let text: String =
                text.trim().chars().filter(|char| !char.is_control()).take(Self::LONGEST).collect();
            text.into()
        };
        let name = clean(name);
        // A version of nothing says nothing.
        let version = if name.is_empty() { Arc::default() } else { clean(version) };
        Self { name, version }
    }
}

/// The caller may look, but not act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspended {
    /// When that ends by itself; `None` = not by itself.
    pub until: Option<DateTime<Utc>>,
}

/// What changes with the rights of a member: roles, status, and whatever else decides what they may listen to. A
/// transaction that takes a right away says `tx.changed(rights_of(member))`: open subscriptions of the member are checked
/// again before their next event.
#[must_use]
pub fn rights_of(member: MemberId) -> Tag {
    ("rights", member.uuid())
}

/// Everything that belongs to one execution. It also watches what the answer depends on: an answer that neither asked
/// who calls nor read anything untagged is the same for everybody and may be kept or shared.
pub struct Scope {
    app: App,
    viewer: Option<Viewer>,
    client: Client,
    loaders: Mutex<Arc<Loaders>>,
    asked_viewer: AtomicBool,
    read_untagged: AtomicBool,
    seen: Mutex<Vec<Seen>>,
    /// Set if the caller may not act.
    suspended: Mutex<Option<Suspended>>,
    feed: Feed,
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").field("viewer", &self.viewer).finish_non_exhaustive()
    }
}

impl Scope {
    /// The scope of one request.
    #[must_use]
    pub fn new(app: App, viewer: Option<Viewer>, client: Client, feed: Feed) -> Self {
        let loaders = Mutex::new(Arc::new(loaders(&app.pool)));
        Self {
            app,
            viewer,
            client,
            loaders,
            asked_viewer: AtomicBool::new(false),
            read_untagged: AtomicBool::new(false),
            seen: Mutex::default(),
            suspended: Mutex::default(),
            feed,
        }
    }

    /// Starts the next event of a subscription: fresh loaders, or every event after the first would be stale.
    pub fn next_event(&self) {
        self.forget_loaded();
        self.asked_viewer.store(false, Ordering::Relaxed);
    }

    fn forget_loaded(&self) {
        *self.loaders.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaders(&self.app.pool));
    }

    /// Whether a resolver asked who calls.
    #[must_use]
    pub fn asked_viewer(&self) -> bool {
        self.asked_viewer.load(Ordering::Relaxed)
    }

    /// What the answer depends on, if all of it was tagged and none of it was the viewer.
    #[must_use]
    pub fn public_dependencies(&self) -> Option<Vec<Seen>> {
        if self.asked_viewer() || self.read_untagged.load(Ordering::Relaxed) {
            return None;
        }
        Some(std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Says whether the caller may act in the mutation that comes next.
    pub fn suspend(&self, suspended: Option<Suspended>) {
        *self.suspended.lock().unwrap_or_else(PoisonError::into_inner) = suspended;
    }

    /// Whether this is a subscription that was let in before, on its way through the events.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        matches!(self.feed, Feed::Running(_))
    }

    /// What a subscription's resolver planned, after its planning run.
    #[must_use]
    pub fn planned(&self) -> Option<Plan> {
        self.feed.planned()
    }

    fn current_loaders(&self) -> Arc<Loaders> {
        Arc::clone(&self.loaders.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The scope of an execution.
    pub(super) fn of<'a, T>(ctx: &ContextBase<'a, T>) -> &'a Self {
        // `run` and `live` put a scope into every request that they execute, and nothing else executes requests.
        ctx.data_unchecked::<Arc<Self>>()
    }

    /// A hot public row from this process's memory, without SQL and without waiting, if it is there.
    pub(super) fn kept<K: HotKey>(&self, key: K) -> Option<K::Row> {
        let seen = self.depends_on(key.tag());
        let row = self.app.hot.get(key)?;
        self.app.hot.versions.holds(seen).then_some(row)
    }

    pub(super) fn public_url(&self) -> &str {
        &self.app.public_url
    }

    fn read_untagged(&self) {
        self.read_untagged.store(true, Ordering::Relaxed);
    }

    fn depends_on(&self, tag: Tag) -> Seen {
        let seen = self.app.hot.versions.see(tag);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        seen
    }
}

/// The kit's verbs on async-graphql's context.
pub trait ContextExt: Sync {
    /// The scope of this execution.
    fn scope(&self) -> &Scope;

    /// The application.
    fn app(&self) -> &App {
        &self.scope().app
    }

    /// Says that a mutation has written: what an earlier mutation of the same document loaded may be stale.
    fn wrote(&self) {
        self.scope().forget_loaded();
    }

    /// Who calls, if signed in. An answer that asked is nobody else's.
    fn viewer(&self) -> Option<Viewer> {
        self.scope().asked_viewer.store(true, Ordering::Relaxed);
        self.scope().viewer
    }

    /// Who calls.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` for anonymous callers; in a mutation `ACCOUNT_SUSPENDED` for those who may not act.
    fn signed_in(&self) -> Result<Viewer, ApiError> {
        let viewer = self.viewer().ok_or_else(ApiError::unauthenticated)?;
        match *self.scope().suspended.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Suspended { until }) => Err(ApiError::Suspended { until }),
            None => Ok(viewer),
        }
    }

    /// From where and with what the request came.
    fn client(&self) -> &Client {
        &self.scope().client
    }

    /// The present instant. Asking makes the answer private to this moment.
    fn now(&self) -> DateTime<Utc> {
        self.scope().read_untagged();
        self.app().clock.now()
    }

    /// The events of a subscription. `plan` checks the right to listen and names the stream; it runs once, when the
    /// subscription starts. `after` is the client's cursor: `None` starts now.
    ///
    /// # Errors
    /// What `plan` refuses, or `CURSOR_INVALID`.
    fn events<F, C>(
        &self,
        after: Option<String>,
        plan: F,
    ) -> impl Future<Output = Result<BoxStream<'static, Arc<Event>>, ApiError>> + Send
    where
        F: Future<Output = Result<C, ApiError>> + Send,
        C: Into<Course> + Send,
    {
        async move {
            if let Some(events) = self.scope().feed.running() {
                return Ok(events);
            }
            let Course { stream, beat, until } = plan.await?.into();
            let after: Option<Cursor> = match after.map(|text| text.parse::<Cursor>()) {
                None => None,
                Some(Ok(cursor)) if cursor.stream == stream => Some(cursor),
                Some(_) => {
                    let message = "The cursor does not belong to this stream: start from the snapshot's cursor, or without `after`.";
                    return Err(ApiError::told(ApiCode::CursorInvalid, message));
                }
            };
            self.scope().feed.plan(Plan { stream, after, beat, until })?;
            Ok(futures_util::stream::empty().boxed())
        }
    }

    /// A connection for a page; give it back before awaiting a loader.
    fn conn(&self) -> impl Future<Output = Result<Conn, ApiError>> + Send {
        self.scope().read_untagged();
        let app = self.app().clone();
        async move { Ok(app.conn().await?) }
    }

    /// A connection for a public list that changes only with `tag` (see [`crate::db::Tx::changed`]).
    fn public_conn(&self, tag: Tag) -> impl Future<Output = Result<Conn, ApiError>> + Send {
        self.scope().depends_on(tag);
        let app = self.app().clone();
        async move { Ok(app.conn().await?) }
    }

    /// One lookup, batched with its siblings.
    fn one<K, V>(&self, key: K) -> impl Future<Output = Result<Option<V>, ApiError>> + Send
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        V: Send + Sync + Clone + 'static,
        Reader: Loader<K, Value = V, Error = LoadError>,
    {
        self.scope().read_untagged();
        let loaders = self.scope().current_loaders();
        async move { Ok(loaders.load_one(key).await?) }
    }

    /// One public lookup, batched with its siblings, whose result changes only with `tag`.
    fn public_one<K, V>(&self, tag: Tag, key: K) -> impl Future<Output = Result<Option<V>, ApiError>> + Send
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        V: Send + Sync + Clone + 'static,
        Reader: Loader<K, Value = V, Error = LoadError>,
    {
        self.scope().depends_on(tag);
        let loaders = self.scope().current_loaders();
        async move { Ok(loaders.load_one(key).await?) }
    }

    /// A hot public row from this process's memory, without SQL and without waiting, if it is there.
    fn kept<K: HotKey>(&self, key: K) -> Option<K::Row> {
        self.scope().kept(key)
    }

    /// A hot public row: from memory, else loaded with its siblings and kept.
    fn hot<K>(&self, key: K) -> impl Future<Output = Result<Option<K::Row>, ApiError>> + Send
    where
        K: HotKey,
        Reader: Loader<K, Value = K::Row, Error = LoadError>,
    {
        let seen = self.scope().depends_on(key.tag());
        let kept = self.app().hot.get(key);
        let missing = kept.is_none().then(|| (self.scope().current_loaders(), self.app().clone()));
        async move {
            let Some((loaders, app)) = missing else { return Ok(kept) };
            let row = Box::pin(loaders.load_one(key)).await?;
            if let Some(row) = &row {
                app.hot.put(key, seen, row.clone());
            }
            Ok(row)
        }
    }
}

impl ContextExt for Context<'_> {
    fn scope(&self) -> &Scope {
        Scope::of(self)
    }
}
