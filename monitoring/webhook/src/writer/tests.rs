//! Pieces of work share transactions, and fail independently.

use super::{WAITING_MAX, WriteError, Writer};
use crate::readers::Readers;
use crate::store::{Database, probe, waiting};
use std::sync::{Arc, mpsc};
use std::thread;
use tempfile::TempDir;

fn start(directory: &TempDir) -> (Writer, Arc<Readers>) {
    let (database, connection) = Database::open(&directory.path().join("alerts.db")).unwrap();
    (Writer::start(connection, database.lock()).unwrap().0, Readers::new(database))
}

fn queue(writer: &Writer, body: &'static str, fails: bool) -> Result<(), WriteError> {
    writer.run_blocking(move |db| {
        crate::store::enqueue(db, body.as_bytes(), crate::time::Time::now())?;
        if fails { Err(rusqlite::Error::InvalidQuery) } else { Ok(()) }
    })
}

#[test]
fn waiting_work_shares_a_transaction_and_fails_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (writer, readers) = start(&directory);
    let writer = &writer;
    thread::scope(|scope| {
        let (begun, has_begun) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let holds = scope.spawn(move || {
            writer.run_blocking(move |db| {
                begun.send(()).unwrap();
                may_go.recv().unwrap();
                probe(db, 1)
            })
        });
        has_begun.recv().unwrap();
        let spawn = |it| scope.spawn(move || queue(writer, "body", it % 5 == 0));
        let others: Vec<_> = (0..20).map(spawn).collect();
        wait_for(writer, 20);
        // The last one sees the results of the earlier ones, while other connections do not see them yet.
        let (seen, counted) = mpsc::channel();
        let reader = Arc::clone(&readers);
        let last = scope.spawn(move || {
            writer.run_blocking(move |db| {
                seen.send((waiting(db)?, reader.read_blocking(waiting)?)).unwrap();
                Ok(())
            })
        });
        wait_for(writer, 21);
        go.send(()).unwrap();
        assert_eq!(counted.recv().unwrap(), (16, 0));
        assert_eq!((holds.join().unwrap(), last.join().unwrap()), (Ok(()), Ok(())));
        let results: Vec<_> = others.into_iter().map(|it| it.join().unwrap()).collect();
        assert_eq!(results.iter().filter(|it| it.is_ok()).count(), 16);
        assert_eq!(results[0], Err(WriteError::Failed));
    });
    assert_eq!(readers.read_blocking(waiting).unwrap(), 16);
}

/// Waits until this many pieces of work are waiting.
fn wait_for(writer: &Writer, count: usize) {
    while writer.work.capacity() > WAITING_MAX - count {
        thread::yield_now();
    }
}
