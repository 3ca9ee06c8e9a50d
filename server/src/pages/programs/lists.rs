//! The list of support programmes: a prefecture's with the state of its own list, the ministry's with how many lists have come in.

use actix_web::{HttpResponse, get, web};
use analytics::selection::list::ListState;
use askama::Template;

use super::{board_path, list_state};
use crate::app::programs::lists::{self, Progress};
use crate::app::programs::{self};
use crate::app::state::State;
use crate::auth::actor::Role;
use crate::auth::permit::{ReadPrograms, SetQuotas};
use crate::db::programs::ProgramRow;
use crate::pages::error::PageError;
use crate::pages::page::{Page, show};
use crate::pages::visitor::Visitor;
use crate::pages::words;

struct Card {
    href: String,
    title: String,
    year: i32,
    due: String,
    /// Of one's own list.
    state: Option<(&'static str, &'static str)>,
    /// Of all lists.
    counts: Vec<(&'static str, usize)>,
}

#[derive(Template)]
#[template(path = "programs/list.html")]
struct ListPage {
    page: Page,
    cards: Vec<Card>,
    can_open: bool,
}

/// Lists the programmes.
///
/// # Errors
/// The database is away.
#[get("/programs")]
pub async fn list_programs(state: web::Data<State>, visitor: Visitor<ReadPrograms>) -> Result<HttpResponse, PageError> {
    let mut cards = Vec::new();
    for program in programs::list(&state, &visitor.permit).await? {
        let progress = lists::progress(&state, &visitor.permit, &program.id).await?;
        cards.push(card(&state, &visitor.who.role, &program, &progress));
    }
    Ok(show(&ListPage {
        page: visitor.page("支援事業").at("/programs").below("/", "ホーム"),
        cards,
        can_open: visitor.maybe::<SetQuotas>().is_some(),
    }))
}

fn card(state: &State, role: &Role, program: &ProgramRow, progress: &[Progress]) -> Card {
    let own = match role {
        Role::Prefecture(code) => Some(*code),
        _ => None,
    };
    let mine = own.and_then(|code| progress.iter().find(|one| one.prefecture == code.code()));
    let deadline = mine.map_or(program.deadline, |mine| mine.deadline);
    let in_state = |wanted: &[Option<ListState>]| progress.iter().filter(|one| wanted.contains(&one.state)).count();
    let counts = vec![
        ("受理", in_state(&[Some(ListState::Accepted)])),
        ("提出済み", in_state(&[Some(ListState::HandedIn)])),
        ("作成中・差戻し", in_state(&[Some(ListState::Proposed), Some(ListState::Returned)])),
        ("未選定", in_state(&[None])),
    ];
    Card {
        href: own.map_or_else(|| format!("/programs/{}", program.id), |code| board_path(&program.id, code)),
        title: program.title.clone(),
        year: program.fiscal_year,
        due: format!("提出期限：{}（{}）", words::moment(deadline), words::left(deadline, state.now())),
        state: own.map(|_| list_state(mine.and_then(|mine| mine.state))),
        counts: if own.is_some() { Vec::new() } else { counts },
    }
}
