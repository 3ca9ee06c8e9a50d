//! Choosing off the async threads: wishes across cells go through a solver, which may take seconds. And what is said when they cannot hold.

use std::time::Duration;

use analytics::selection::wishes::MOST_WISHES;
use analytics::selection::{CandidateHospital, Conflict, CriteriaError, Opposed, SelectionError};
use survey::area::MunicipalityCode;
use survey::attribute::{self, Attributes, Names, Vocabulary};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::AppError;

/// Choices at once; a further one waits. A solver keeps a processor busy, and requests that ask for nothing of it are to be answered meanwhile.
static TURNS: Semaphore = Semaphore::const_new(2);
/// How long one waits: with both turns that a preview may take it is within the time that a transaction may lie idle.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// What hospitals call the codes of their places, so that a clash names an area and not its code only.
pub(super) fn names(candidates: &[CandidateHospital]) -> Names {
    let mut names = Names::default();
    for candidate in candidates {
        let attributes = Attributes::try_from(candidate.attributes.clone()).unwrap_or_default();
        let municipality = candidate
            .municipality
            .as_deref()
            .and_then(|code| MunicipalityCode::parse(code).ok());
        names.note(&attributes, municipality.as_ref());
    }
    names
}

/// Runs a choice or a comparison of choices among hospitals that call places by these names.
///
/// # Errors
/// `wishes_infeasible` names the wishes that cannot hold together, `wishes_too_hard` says that the solver was stopped; unavailable when too many wait.
pub(super) async fn off_thread<T: Send + 'static>(
    names: &Names,
    work: impl FnOnce() -> Result<T, SelectionError> + Send + 'static,
) -> Result<T, AppError> {
    let turn = timeout(LONGEST_WAIT, TURNS.acquire())
        .await
        .map_err(|_elapsed| AppError::unavailable("too many choices at once"))?
        .map_err(AppError::internal)?;
    let done = tokio::task::spawn_blocking(work).await.map_err(AppError::internal)?;
    drop(turn);
    done.map_err(|error| match error {
        SelectionError::WishesInfeasible(conflict) => AppError::conflict("wishes_infeasible", clash(&conflict, names)),
        SelectionError::WishesTooHard => AppError::conflict(
            "wishes_too_hard",
            "時間内に、希望をすべて満たす最良の選定を求められませんでした。何も選定していません。希望の数を減らすか、緩めてからやり直してください。",
        ),
        error => AppError::internal(error),
    })
}

/// The wishes that cannot hold together, and what would help, in Japanese.
fn clash(conflict: &Conflict, names: &Names) -> String {
    let named: Vec<String> = conflict.wishes.iter().map(|wish| shown(&wish.label, &wish.key)).collect();
    let mut text = match conflict.wishes.as_slice() {
        [_] => format!("支援枠の中では、次の希望を満たせません：{}。", named.concat()),
        _ => format!(
            "支援枠の中では、次の{}つの希望を同時には満たせません（どれか1つを外せば、残りは同時に満たせます）：{}。",
            named.len(),
            named.join("、")
        ),
    };
    for wish in &conflict.wishes {
        text.push_str(&limits(wish, names));
    }
    let helps: Vec<&str> = conflict
        .wishes
        .iter()
        .filter(|wish| wish.others_hold)
        .map(|wish| wish.key.as_str())
        .collect();
    text.push_str(&match helps.as_slice() {
        [] => "ほかにも同時に満たせない希望があります。ここに挙げた希望から1つを外すか緩めて、もう一度確かめてください。".to_owned(),
        keys => format!(
            "{} のいずれかを外せば、ほかの希望はすべて満たせます。外すか緩めて、preview で確かめてください。",
            keys.join("、")
        ),
    });
    text
}

fn shown(label: &str, key: &str) -> String {
    format!("「{label}」（{key}）")
}

/// A value with the name that hospitals give it, if they give one. Codes of different kinds differ in length, so a code alone tells what it is of.
fn called(value: &str, names: &Names) -> String {
    let name = attribute::catalogue().names().iter().find_map(|one| names.of(&one.of, value));
    name.map_or_else(|| value.to_owned(), |name| format!("{name}（{value}）"))
}

/// Where a wish asks for what the cells cannot give in any case; the first ones of them.
fn limits(wish: &Opposed, names: &Names) -> String {
    let said = wish.limits.iter().take(5).map(|limit| {
        let value = limit
            .value
            .as_ref()
            .map_or_else(String::new, |value| format!("{} は", called(value, names)));
        let (word, asked) = if limit.asked > limit.possible {
            ("最大", "以上")
        } else {
            ("最少", "以下")
        };
        format!("{value}{word}{}病院（希望は{}病院{asked}）", limit.possible, limit.asked)
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() {
        return String::new();
    }
    let more = if wish.limits.len() > said.len() { "など" } else { "" };
    format!("{} は、ほかの希望がなくても、枠の中で{}{more}です。", wish.key, said.join("、"))
}

/// What is wrong with a wish as data, and what to do; of other errors what they say themselves.
pub(super) fn sentence(error: &CriteriaError) -> String {
    let shown = survey::fault::excerpt;
    match error {
        CriteriaError::UnreadableWish { number, key, .. } => format!(
            "選定基準の{number}番目の希望（{}）を読み取れません。key、label、attributeと、at_least、at_most、at_most_percent（いずれも整数）のいずれかを書いてください。\
             isに値の並びを書くと合わせて数え、書かなければ値ごとに数えます。",
            shown(key)
        ),
        CriteriaError::TooManyWishes => format!("選定基準の希望が多すぎます。{MOST_WISHES}件以内にしてください。"),
        CriteriaError::WishWithoutBound(key) => format!(
            "選定基準の希望 {} には、at_least（1以上）、at_most、at_most_percent（1～99）のいずれかが必要です。at_mostとat_most_percentは一方だけ、\
             at_leastはat_most以下にしてください。",
            shown(key)
        ),
        CriteriaError::UnknownWished { key, attribute, value } if value.is_empty() => {
            let keys: Vec<&str> = attribute::catalogue().attributes().iter().map(|known| known.key.as_str()).collect();
            format!(
                "選定基準の希望 {} が指す属性「{}」はありません。{} のいずれかを指定してください。",
                shown(key),
                shown(attribute),
                keys.join("、")
            )
        }
        CriteriaError::UnknownWished { key, attribute, value } => {
            let expected = attribute::find(attribute).map_or_else(String::new, |known| match &known.vocabulary {
                Vocabulary::Values(values) => values.iter().map(|value| value.key.as_str()).collect::<Vec<_>>().join("、"),
                Vocabulary::Codes { .. } => known.expected(),
            });
            format!(
                "選定基準の希望 {} が指す属性「{}」の値「{}」はありません。使える値：{expected}。",
                shown(key),
                shown(attribute),
                shown(value)
            )
        }
        error => error.to_string(),
    }
}
