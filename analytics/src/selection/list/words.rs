//! What a list and its refusals say in Japanese. Decides nothing.

use survey::band::Band;

use super::{Inexact, ListError, ListState};

impl ListState {
    /// As on screen.
    pub fn in_japanese(self) -> &'static str {
        match self {
            ListState::Proposed => "作成中",
            ListState::HandedIn => "提出済み",
            ListState::Returned => "差戻し",
            ListState::Accepted => "受理",
        }
    }
}

impl ListError {
    /// What a prefecture or the ministry reads, with what can be done about it.
    pub fn message(&self) -> String {
        let label = |band: &str| Band::of_key(band).map_or_else(|| band.to_owned(), |band| band.label.to_owned());
        match self {
            ListError::State(state) => {
                let then = match state {
                    ListState::Proposed | ListState::Returned => "先に提出してください。",
                    ListState::HandedIn => "変更が必要な場合は、厚生労働省の担当者に差戻しを依頼してください。",
                    ListState::Accepted => "病院が辞退した場合などは、補欠との入替えを使ってください。",
                };
                format!("リストの状態が「{}」のため、この操作はできません。{then}", state.in_japanese())
            }
            ListError::Adjusted => {
                "リストには手作業の変更があります。選定をやり直すと失われます。やり直す場合は、変更を破棄することを指定してください。"
                    .to_owned()
            }
            ListError::Full { band, quota } => format!(
                "{}の枠（{quota}病院）は埋まっています。追加するには、先に同じ枠の病院を外してください。",
                label(band)
            ),
            ListError::Chosen(gmis) => format!("{gmis} は既に選定されています。"),
            ListError::NotChosen(gmis) => format!("{gmis} は選定されていません。リストを読み直してください。"),
            ListError::NoSuchReserve(gmis) => {
                format!("{gmis} は、この枠の補欠のうち選定できる病院ではありません。補欠の一覧から選んでください。")
            }
            ListError::NoReserve(band) => format!(
                "{}の枠に、選定できる補欠がありません。支援枠の調整を厚生労働省に依頼してください。",
                label(band)
            ),
            ListError::Rank { rank, last } => format!("順位 {rank} は使えません。1～{last} の数を指定してください。"),
            ListError::Inexact(cells) => {
                let words: Vec<String> = cells.iter().map(|cell| cell.sentence(label(&cell.band))).collect();
                format!("支援枠と一致しない区分があります。{}", words.join(""))
            }
        }
    }
}

impl Inexact {
    fn sentence(&self, label: String) -> String {
        let Inexact { quota, chosen, .. } = self;
        let difference = quota.abs_diff(*chosen);
        let what = if chosen < quota {
            "不足しています"
        } else {
            "超過しています"
        };
        format!("{label}は枠{quota}病院に対して選定{chosen}病院で、{difference}病院{what}。")
    }
}
