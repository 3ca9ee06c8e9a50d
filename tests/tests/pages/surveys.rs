//! A survey as a prefecture, a city and the ministry see it on pages, and files of answers.

mod accounts;
mod files;
mod jobs;
mod overviews;
mod reminders;
mod reviews;
mod tables;

use tests::app::TestApp;
use tests::pages::Reader;

/// The status that each login gets for a path.
async fn statuses(app: &TestApp, path: &str, logins: &[&str]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for login in logins {
        statuses.push(Reader::sign_in(app, login).await.get(path).await.status);
    }
    statuses
}

/// Every login of the world that is not a hospital.
const OFFICES: [&str; 6] = ["shinjuku", "tokyo", "kanagawa", "analyst", "administrator", "operator"];
