//! Writes of several callers in one transaction. While one transaction runs, wishes of its kind gather, and the next one
//! does them all: under load a wish costs its rows, and shares statements, commit and flush with its neighbours. Alone
//! it runs at once.

use std::{
    any::{Any, TypeId},
    collections::{HashMap, HashSet, VecDeque},
    future::Future,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio::sync::oneshot;

use crate::app::App;

/// A use-case that can be done for several callers at once.
pub trait Gather: Send + Sync + Sized + 'static {
    /// What becomes of one wish.
    type Done: Send + 'static;
    /// What two wishes of one transaction must not share.
    type Key: Eq + Hash;

    /// What no other wish of the same transaction may have.
    fn key(&self) -> Self::Key;

    /// Does the wishes; the results are in their order.
    fn together(app: &App, wishes: &[Self]) -> impl Future<Output = Vec<Self::Done>> + Send;
}

/// So many wishes must wait for each running transaction of their kind before one more begins: the fewer run at once, the
/// more wishes share one.
const ENOUGH: usize = 16;
/// After so long the running transaction is taken to be waiting for a lock, and the next wish does not wait with it.
const PATIENCE: Duration = Duration::from_millis(20);
/// How many wishes share a transaction at most.
const TOGETHER: usize = 64;

/// What gathers in this process, by kind.
#[derive(Debug, Default)]
pub struct Gathering(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

/// How many wishes that could not share a transaction run at once.
const APART: usize = 8;

/// Does wishes that could not share a transaction, each in one of its own; the results are in their order.
pub async fn apart<F: Future>(wishes: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut wishes = wishes.collect::<VecDeque<_>>();
    let mut done = Vec::with_capacity(wishes.len());
    while !wishes.is_empty() {
        let next = wishes.len().min(APART);
        done.extend(join_all(wishes.drain(..next)).await);
    }
    done
}

struct Queue<G: Gather> {
    waiting: VecDeque<(G, oneshot::Sender<G::Done>)>,
    running: usize,
    /// When a transaction last began.
    began: Instant,
}

type Shared<G> = Mutex<Queue<G>>;

impl Gathering {
    /// Does a wish together with others. `None` if this process is about to end and nobody will do it.
    pub async fn wish<G: Gather>(app: &App, wish: G) -> Option<G::Done> {
        let queue = app.gathering.queue::<G>();
        let (sender, done) = oneshot::channel();
        let leads = {
            let mut queue = lock(&queue);
            queue.waiting.push_back((wish, sender));
            let leads = queue.waiting.len() > queue.running * ENOUGH || queue.began.elapsed() > PATIENCE;
            if leads {
                queue.running += 1;
                queue.began = Instant::now();
            }
            leads
        };
        if leads {
            let app = app.clone();
            tokio::spawn(async move { Turn { queue, over: false }.lead(&app).await });
        }
        done.await.ok()
    }

    fn queue<G: Gather>(&self) -> Arc<Shared<G>> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let any = Arc::clone(queues.entry(TypeId::of::<G>()).or_insert_with(|| Arc::<Shared<G>>::default()));
        // The entry was made for this type.
        any.downcast().unwrap_or_default()
    }
}

impl<G: Gather> Default for Queue<G> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), running: 0, began: Instant::now() }
    }
}

/// One of the transactions that may run at once.
struct Turn<G: Gather> {
    queue: Arc<Shared<G>>,
    over: bool,
}

impl<G: Gather> Drop for Turn<G> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        // It was cut off in the middle. Who waits must not wait for ever.
        let mut queue = lock(&self.queue);
        queue.running -= 1;
        if queue.running == 0 {
            queue.waiting.clear();
        }
    }
}

impl<G: Gather> Turn<G> {
    async fn lead(mut self, app: &App) {
        loop {
            // Whoever is being polled now may still come along.
            tokio::task::yield_now().await;
            let (wishes, senders) = self.take();
            if wishes.is_empty() {
                return;
            }
            for (sender, done) in senders.into_iter().zip(G::together(app, &wishes).await) {
                // A caller that went away wants no result.
                drop(sender.send(done));
            }
        }
    }

    /// The next wishes that may share a transaction, in the order in which they came.
    fn take(&mut self) -> (Vec<G>, Vec<oneshot::Sender<G::Done>>) {
        let mut queue = lock(&self.queue);
        let (mut keys, mut taken, mut left) = (HashSet::new(), (Vec::new(), Vec::new()), VecDeque::new());
        while let Some((wish, sender)) = queue.waiting.pop_front() {
            if taken.0.len() < TOGETHER && keys.insert(wish.key()) {
                taken.0.push(wish);
                taken.1.push(sender);
            } else {
                left.push_back((wish, sender));
            }
        }
        queue.waiting = left;
        // Under the lock: a wish that comes later leads itself.
        if taken.0.is_empty() {
            queue.running -= 1;
            self.over = true;
        } else {
            queue.began = Instant::now();
        }
        drop(queue);
        taken
    }
}

fn lock<G: Gather>(queue: &Shared<G>) -> std::sync::MutexGuard<'_, Queue<G>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}
