//! Following a job: told whenever it moved, until it is over. Looks, and changes nothing.

use std::time::Duration;

use futures_util::stream::{self, Stream};
use uuid::Uuid;

use super::{Job, read};
use crate::app::state::State;
use crate::auth::permit::{FollowJobs, Permit};
use crate::error::AppError;

/// How often a follower is told.
const LOOK: Duration = Duration::from_millis(250);
/// How often it hears something even when nothing changed, so that nobody in between closes the connection.
const ALIVE: u32 = 40;

/// What a follower is told.
#[derive(Debug)]
pub enum Told {
    /// The job moved, or this is the first word of it.
    Moved(Box<Job>),
    /// Nothing new; the connection is alive.
    Alive,
}

/// Follows a job. The stream ends after the word that it is over, or after an error.
pub fn follow(state: State, permit: Permit<FollowJobs>, job: Uuid) -> impl Stream<Item = Result<Told, AppError>> {
    let follower = Follower {
        state,
        permit,
        job,
        said: None,
        over: false,
    };
    stream::unfold(follower, Follower::next)
}

/// What of a job moves: its state, its phase, and how far that is.
type Standing = (String, String, i32, i32);

struct Follower {
    state: State,
    permit: Permit<FollowJobs>,
    job: Uuid,
    said: Option<Standing>,
    over: bool,
}

impl Follower {
    async fn next(mut self) -> Option<(Result<Told, AppError>, Follower)> {
        if self.over {
            return None;
        }
        for _ in 0..ALIVE {
            let job = match read(&self.state, &self.permit, self.job).await {
                Ok(job) => job,
                Err(error) => {
                    self.over = true;
                    return Some((Err(error), self));
                }
            };
            let row = &job.row;
            let now = Some((row.state.clone(), row.phase.clone(), row.done, row.total));
            if self.said != now {
                self.over = job.is_over();
                self.said = now;
                return Some((Ok(Told::Moved(Box::new(job))), self));
            }
            tokio::time::sleep(LOOK).await;
        }
        Some((Ok(Told::Alive), self))
    }
}
