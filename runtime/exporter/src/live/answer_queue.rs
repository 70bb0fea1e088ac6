//! The queue of requests to the live page, and the thread that answers them.
//!
//! If a program has many series, an answer takes seconds of a processor, and clients hang up. So the page has its own
//! thread, and no scrape waits for it. The queue is bounded. Clients with the same question get the same answer: while
//! it is computed, and until the next sample. When no client waits for a question any more, it leaves the queue, or its
//! computation stops.

use axum::body::Bytes;
use measurand_catalog::lock::lock;
use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use tokio::sync::watch;

/// Maximum size of the answers that are cached, in bytes.
const KEPT: usize = 8 << 20;
/// Maximum size of the answers that are cached or being sent, in bytes. Slow clients hold answers, and hundreds of them
/// would fill the memory.
const ALIVE: usize = 24 << 20;

/// Computes answers.
pub(super) trait Responder: Debug + Send + Sync + 'static {
    type Question: Clone + Debug + Eq + Hash + Send + Sync;

    /// Computes an answer. It may stop at any time when no client waits any more.
    fn answer(&self, question: &Self::Question, is_abandoned: &AtomicBool) -> Answer;

    /// Returns how long an answer is valid.
    fn validity(&self, question: &Self::Question) -> Validity;
}

/// The validity of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Validity {
    /// Only for clients that ask while it is computed.
    Moment,
    /// Until the next sample; the number is the time of the newest one.
    Sample(i64),
    /// While the program runs.
    Program,
}

pub(super) type Answer = Result<Body, Failure>;

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) bytes: Bytes,
    pub(super) is_compressed: bool,
}

/// The reason why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    Missing,
    TooLarge(String),
    Broken(String),
}

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct QueueFull;

/// The queue; its thread ends when this is dropped.
#[derive(Debug)]
pub(super) struct AnswerQueue<C: Responder>(Arc<QueueCore<C>>);

#[derive(Debug)]
struct QueueCore<C: Responder> {
    responder: C,
    /// Maximum number of waiting questions.
    most: usize,
    state: Mutex<QueueState<C::Question>>,
    /// Signals a new question, or that the queue is closed.
    work: Condvar,
    /// Size of the answers that are cached or being sent, in bytes.
    alive: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct QueueState<Q> {
    waiting: VecDeque<Arc<Job<Q>>>,
    /// The questions that wait or are being answered, and are not abandoned.
    known: HashMap<Q, Arc<Job<Q>>>,
    /// Cached answers; the newest comes last.
    kept: VecDeque<CachedAnswer<Q>>,
    is_started: bool,
    is_closed: bool,
}

#[derive(Debug)]
struct Job<Q> {
    question: Q,
    clients: AtomicUsize,
    is_abandoned: AtomicBool,
    answer: watch::Sender<Option<Answer>>,
}

#[derive(Debug)]
struct CachedAnswer<Q> {
    question: Q,
    validity: Validity,
    answer: Answer,
}

/// A waiting client. Dropping it withdraws the question, unless other clients ask the same.
#[derive(Debug)]
struct Client<C: Responder> {
    queue: Arc<QueueCore<C>>,
    job: Arc<Job<C::Question>>,
}

/// The bytes of an answer, counted while they are held.
struct HeldBytes {
    bytes: Bytes,
    alive: Arc<AtomicUsize>,
}

impl<C: Responder> AnswerQueue<C> {
    pub(super) fn new(responder: C, most: usize) -> Self {
        let state = QueueState {
            waiting: VecDeque::new(),
            known: HashMap::new(),
            kept: VecDeque::new(),
            is_started: false,
            is_closed: false,
        };
        Self(Arc::new(QueueCore {
            responder,
            most,
            state: Mutex::new(state),
            work: Condvar::new(),
            alive: Arc::default(),
        }))
    }

    pub(super) fn responder(&self) -> &C {
        &self.0.responder
    }

    /// Waits for the answer. Dropping this future withdraws the question.
    pub(super) async fn ask(&self, question: C::Question) -> Result<Answer, QueueFull> {
        let (client, mut answer) = match self.enter(question)? {
            Entered::Known(answer) => return Ok(answer),
            Entered::Waiting(client, answer) => (client, answer),
        };
        let answered = answer.wait_for(Option::is_some).await.ok().and_then(|it| it.clone());
        drop(client);
        Ok(answered.unwrap_or_else(|| Err(Failure::Broken("the thread of the live page has ended".to_owned()))))
    }

    fn enter(&self, question: C::Question) -> Result<Entered<C>, QueueFull> {
        let shared = &self.0;
        let validity = shared.responder.validity(&question);
        let mut state = shared.lock();
        if let Some(kept) = state.kept.iter().find(|it| it.question == question && it.validity == validity) {
            return Ok(Entered::Known(kept.answer.clone()));
        }
        if let Some(job) = state.known.get(&question) {
            job.clients.fetch_add(1, Ordering::Relaxed);
            return Ok(Entered::Waiting(
                Client { queue: Arc::clone(shared), job: Arc::clone(job) },
                job.answer.subscribe(),
            ));
        }
        if shared.alive.load(Ordering::Relaxed) > ALIVE {
            state.kept.clear();
        }
        if state.waiting.len() >= shared.most || shared.alive.load(Ordering::Relaxed) > ALIVE {
            return Err(QueueFull);
        }
        if !state.is_started {
            let queue = Arc::clone(shared);
            if let Err(error) = thread::Builder::new().name("measurand-page".to_owned()).spawn(move || queue.run()) {
                let why = format!("cannot start a thread ({error}); try again, or raise the limit of processes");
                return Ok(Entered::Known(Err(Failure::Broken(why))));
            }
            state.is_started = true;
        }
        let (answer, receiver) = watch::channel(None);
        let (clients, is_abandoned) = (AtomicUsize::new(1), AtomicBool::new(false));
        let job = Arc::new(Job { question: question.clone(), clients, is_abandoned, answer });
        state.known.insert(question, Arc::clone(&job));
        state.waiting.push_back(Arc::clone(&job));
        drop(state);
        shared.work.notify_one();
        Ok(Entered::Waiting(Client { queue: Arc::clone(shared), job }, receiver))
    }
}

/// Lowers the priority of the calling thread below the threads of the application and of scrapes.
#[cfg(target_os = "linux")]
fn give_way() {
    /// Ten of nineteen steps down, about a tenth of a normal thread's share of a busy processor. A page may be late; a
    /// scrape may not. At the lowest priority a page gets no answer within the time limit when the processors are busy,
    /// which is when people open it.
    const NICENESS: i32 = 10;
    // On Linux each thread has its own priority, and this call sets that of the calling thread. If it is not allowed,
    // the thread keeps its priority.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// On other platforms a priority applies to the whole process.
#[cfg(not(target_os = "linux"))]
fn give_way() {}

enum Entered<C: Responder> {
    Known(Answer),
    Waiting(Client<C>, watch::Receiver<Option<Answer>>),
}

impl<C: Responder> Drop for AnswerQueue<C> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.work.notify_all();
    }
}

impl<C: Responder> Drop for Client<C> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        if self.job.clients.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.job.is_abandoned.store(true, Ordering::Relaxed);
            state.waiting.retain(|it| !Arc::ptr_eq(it, &self.job));
            state.forget(&self.job);
        }
    }
}

impl<C: Responder> QueueCore<C> {
    fn lock(&self) -> MutexGuard<'_, QueueState<C::Question>> {
        lock(&self.state)
    }

    fn run(&self) {
        give_way();
        while let Some(job) = self.next() {
            // Unwind safe: the responder only reads, and caches only complete results.
            let make = AssertUnwindSafe(|| self.answer(&job));
            let (validity, answer) = catch_unwind(make).unwrap_or_else(|payload| {
                // Dropping the panic's payload may panic too.
                std::mem::forget(payload);
                (
                    Validity::Moment,
                    Err(Failure::Broken("making the answer panicked; see the log of the program".to_owned())),
                )
            });
            self.finish(&job, validity, answer);
        }
    }

    /// Returns the next question, or `None` when the queue is closed.
    fn next(&self) -> Option<Arc<Job<C::Question>>> {
        let state = self.lock();
        let idle = |state: &mut QueueState<_>| state.waiting.is_empty() && !state.is_closed;
        let mut state = self.work.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
        if state.is_closed { None } else { state.waiting.pop_front() }
    }

    fn answer(&self, job: &Job<C::Question>) -> (Validity, Answer) {
        // Read first: the answer may lack a sample that arrives meanwhile.
        let validity = self.responder.validity(&job.question);
        let answer = self.responder.answer(&job.question, &job.is_abandoned);
        (validity, answer.map(|it| Body { bytes: HeldBytes::count(it.bytes, &self.alive), ..it }))
    }

    fn finish(&self, job: &Arc<Job<C::Question>>, validity: Validity, answer: Answer) {
        let mut state = self.lock();
        state.forget(job);
        if job.is_abandoned.load(Ordering::Relaxed) {
            // The answer may be incomplete.
            return;
        }
        if validity != Validity::Moment {
            state.keep(CachedAnswer { question: job.question.clone(), validity, answer: answer.clone() });
        }
        job.answer.send_replace(Some(answer));
    }
}

impl<Q: Eq + Hash> QueueState<Q> {
    fn forget(&mut self, job: &Arc<Job<Q>>) {
        if self.known.get(&job.question).is_some_and(|it| Arc::ptr_eq(it, job)) {
            self.known.remove(&job.question);
        }
    }

    /// Replaces the cached answer to this question, and drops the oldest answers if all take too much memory.
    fn keep(&mut self, new: CachedAnswer<Q>) {
        let is_past = |it: &CachedAnswer<Q>| match (it.validity, new.validity) {
            (Validity::Sample(before), Validity::Sample(now)) => before != now,
            _ => false,
        };
        self.kept.retain(|it| it.question != new.question && !is_past(it));
        self.kept.push_back(new);
        while self.kept.iter().map(CachedAnswer::size).sum::<usize>() > KEPT {
            self.kept.pop_front();
        }
    }
}

impl<Q> CachedAnswer<Q> {
    fn size(&self) -> usize {
        // A question that names panels is at most as long as the line of a request.
        1024 + self.answer.as_ref().map_or(0, |it| it.bytes.len())
    }
}

impl HeldBytes {
    fn count(bytes: Bytes, alive: &Arc<AtomicUsize>) -> Bytes {
        alive.fetch_add(bytes.len(), Ordering::Relaxed);
        Bytes::from_owner(Self { bytes, alive: Arc::clone(alive) })
    }
}

impl AsRef<[u8]> for HeldBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.alive.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    /// Answers a number when the test allows it, and records the questions.
    #[derive(Debug)]
    struct Slow {
        asked: Mutex<Vec<u32>>,
        stopped: AtomicUsize,
        newest: AtomicUsize,
        begun: Mutex<Sender<u32>>,
        go: Mutex<Receiver<()>>,
    }

    impl Responder for Slow {
        type Question = u32;

        fn answer(&self, question: &u32, is_abandoned: &AtomicBool) -> Answer {
            self.asked.lock().unwrap().push(*question);
            self.begun.lock().unwrap().send(*question).unwrap();
            let go = self.go.lock().unwrap();
            while go.recv_timeout(Duration::from_millis(1)).is_err() {
                if is_abandoned.load(Ordering::Relaxed) {
                    self.stopped.fetch_add(1, Ordering::Relaxed);
                    return Err(Failure::Missing);
                }
            }
            assert!(*question != 13, "on purpose");
            let size = if *question >= 1000 { 10 << 20 } else { 1 };
            Ok(Body { bytes: vec![7; size].into(), is_compressed: false })
        }

        fn validity(&self, question: &u32) -> Validity {
            if question.is_multiple_of(2) {
                Validity::Moment
            } else {
                Validity::Sample(i64::try_from(self.newest.load(Ordering::Relaxed)).unwrap())
            }
        }
    }

    fn queue(most: usize) -> (AnswerQueue<Slow>, Receiver<u32>, Sender<()>) {
        let ((begun, begins), (go, going)) = (channel(), channel());
        let slow = Slow {
            asked: Mutex::default(),
            stopped: AtomicUsize::new(0),
            newest: AtomicUsize::new(0),
            begun: Mutex::new(begun),
            go: Mutex::new(going),
        };
        (AnswerQueue::new(slow, most), begins, go)
    }

    /// Polls the future once, without waiting.
    fn start(
        future: &mut std::pin::Pin<&mut impl Future<Output = Result<Answer, QueueFull>>>,
    ) -> Option<Result<Answer, QueueFull>> {
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    fn end(
        future: &mut std::pin::Pin<&mut impl Future<Output = Result<Answer, QueueFull>>>,
    ) -> Result<Answer, QueueFull> {
        for _ in 0..20_000 {
            if let Some(answer) = start(future) {
                return answer;
            }
            thread::sleep(Duration::from_millis(1));
        }
        panic!("no answer");
    }

    #[test]
    fn equal_questions_share_one_answer_until_the_next_sample() {
        let (queue, begins, go) = queue(4);
        let (mut one, mut same, mut other) = (pin!(queue.ask(1)), pin!(queue.ask(1)), pin!(queue.ask(2)));
        assert!(start(&mut one).is_none() && start(&mut same).is_none() && start(&mut other).is_none());
        assert_eq!(begins.recv().unwrap(), 1);
        go.send(()).unwrap();
        let first = end(&mut one).unwrap().unwrap();
        assert_eq!(end(&mut same), Ok(Ok(first.clone())));
        assert_eq!(begins.recv().unwrap(), 2);
        go.send(()).unwrap();
        end(&mut other).unwrap().unwrap();
        // The first answer is cached, the second was valid only for the moment.
        assert_eq!(start(&mut pin!(queue.ask(1))), Some(Ok(Ok(first))));
        let mut again = pin!(queue.ask(2));
        assert!(start(&mut again).is_none());
        go.send(()).unwrap();
        end(&mut again).unwrap().unwrap();
        queue.responder().newest.store(5, Ordering::Relaxed);
        let mut later = pin!(queue.ask(1));
        assert!(start(&mut later).is_none());
        go.send(()).unwrap();
        end(&mut later).unwrap().unwrap();
        assert_eq!(*queue.responder().asked.lock().unwrap(), [1, 2, 2, 1]);
    }

    #[test]
    fn what_no_client_waits_for_is_not_answered() {
        let (queue, begins, go) = queue(2);
        {
            let (mut begun, mut waiting, mut also) = (pin!(queue.ask(1)), pin!(queue.ask(3)), pin!(queue.ask(5)));
            assert!(start(&mut begun).is_none());
            assert_eq!(begins.recv().unwrap(), 1);
            assert!(start(&mut waiting).is_none() && start(&mut also).is_none());
            assert_eq!(start(&mut pin!(queue.ask(7))), Some(Err(QueueFull)), "two wait");
        }
        // All clients hung up, so there is room, and the next question is answered next.
        let mut next = pin!(queue.ask(9));
        assert!(start(&mut next).is_none());
        assert_eq!(begins.recv().unwrap(), 9);
        go.send(()).unwrap();
        end(&mut next).unwrap().unwrap();
        let responder = queue.responder();
        assert_eq!(
            (responder.asked.lock().unwrap().clone(), responder.stopped.load(Ordering::Relaxed)),
            (vec![1, 9], 1)
        );
    }

    #[test]
    fn one_client_of_two_that_hangs_up_takes_nothing_from_the_other() {
        let (queue, begins, go) = queue(2);
        let mut stays = pin!(queue.ask(1));
        assert!(start(&mut stays).is_none());
        {
            let mut leaves = pin!(queue.ask(1));
            assert!(start(&mut leaves).is_none());
            assert_eq!(begins.recv().unwrap(), 1);
        }
        go.send(()).unwrap();
        end(&mut stays).unwrap().unwrap();
        assert_eq!(queue.responder().stopped.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn answers_that_are_still_being_sent_are_bounded() {
        let (queue, _begins, go) = queue(8);
        let mut sent = Vec::new();
        for question in [1000, 1001, 1002] {
            go.send(()).unwrap();
            sent.push(end(&mut pin!(queue.ask(question))).unwrap().unwrap());
        }
        assert_eq!(start(&mut pin!(queue.ask(1004))), Some(Err(QueueFull)), "30 MiB are held");
        sent.clear();
        go.send(()).unwrap();
        end(&mut pin!(queue.ask(1004))).unwrap().unwrap();
    }

    #[test]
    fn a_panic_is_one_answer_and_no_more() {
        let (queue, _begins, go) = queue(2);
        go.send(()).unwrap();
        assert!(matches!(end(&mut pin!(queue.ask(13))), Ok(Err(Failure::Broken(why))) if why.contains("panicked")));
        go.send(()).unwrap();
        // The lock that was held is poisoned, so this responder panics on the next question too.
        assert!(end(&mut pin!(queue.ask(1))).is_ok());
    }
}
