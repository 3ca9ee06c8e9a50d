//! The words of mails: templates with named places, filled in for one hospital. Knows no database; what a place may be called is listed here.

use survey::fault::excerpt;

use crate::error::AppError;

/// In the body of a mail that is stored, where the link will stand.
pub const LINK: &str = "{link}";
/// Longest subject, in characters: longer ones are cut by many readers.
const LONGEST_SUBJECT: usize = 100;
/// Longest body, in characters.
const LONGEST_BODY: usize = 10_000;

/// Subject and body, with places in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    subject: String,
    body: String,
}

/// What the places of a reminder are filled with.
#[derive(Debug, Clone, Default)]
pub struct Places<'a> {
    /// `{hospital}`
    pub hospital: &'a str,
    /// `{gmis_id}`
    pub gmis_id: &'a str,
    /// `{survey}`
    pub survey: &'a str,
    /// `{deadline}`
    pub deadline: &'a str,
    /// `{sender}`
    pub sender: &'a str,
    /// `{url}`
    pub url: &'a str,
}

/// The names of the places.
const NAMES: [&str; 6] = ["hospital", "gmis_id", "survey", "deadline", "sender", "url"];

impl Template {
    /// One of those that come with the program: `first`, or `last` before the end.
    ///
    /// # Errors
    /// `template_unknown`.
    pub fn named(name: &str) -> Result<Template, AppError> {
        let (subject, opening) = match name {
            "first" => (
                "【ご回答のお願い】{survey}",
                "日頃より厚生労働行政にご協力いただき、ありがとうございます。\n{survey}について、貴院のご回答をまだ確認できておりません。",
            ),
            "last" => (
                "【期限間近・ご回答のお願い】{survey}",
                "{survey}の回答期限が近づいていますが、貴院のご回答をまだ確認できておりません。",
            ),
            _ => {
                return Err(AppError::invalid(
                    "template_unknown",
                    "このひな形はありません。first（最初のお願い）か last（期限間近）を指定するか、件名と本文を書いてください。",
                ));
            }
        };
        let closing = "一時保存だけでは回答になりません。お手数ですが、期限までに提出してください。\n\n\
                       回答期限　{deadline}\n回答先　　{url}\n病院ID　　{gmis_id}（G-MIS ID）\n\n\
                       行き違いでご回答いただいている場合は、ご容赦ください。\n\n{sender}\n";
        Template::of(subject, &format!("{{hospital}} ご担当者様\n\n{opening}\n{closing}"))
    }

    /// One's own words.
    ///
    /// # Errors
    /// `subject_invalid`, `body_invalid_text`, `place_unknown`.
    pub fn of(subject: &str, body: &str) -> Result<Template, AppError> {
        let subject = subject.trim();
        if subject.is_empty() || subject.chars().count() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
            return Err(AppError::invalid(
                "subject_invalid",
                format!("件名は改行のない{LONGEST_SUBJECT}文字以内で書いてください。"),
            ));
        }
        let body = body.replace("\r\n", "\n");
        let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
        if body.trim().is_empty() || body.chars().count() > LONGEST_BODY || body.contains(odd) {
            return Err(AppError::invalid(
                "text_invalid",
                format!("本文は{LONGEST_BODY}文字以内の文章で書いてください。"),
            ));
        }
        let unknown = places(subject).chain(places(&body)).find(|name| !NAMES.contains(name));
        if let Some(name) = unknown {
            let known = NAMES.map(|name| format!("{{{name}}}")).join("、");
            return Err(AppError::invalid(
                "place_unknown",
                format!("差し込みの項目 {{{}}} はありません。使えるのは {known} です。", excerpt(name)),
            ));
        }
        Ok(Template {
            subject: subject.to_owned(),
            body,
        })
    }

    /// Subject and body with their places still open, to be changed by hand.
    pub fn words(&self) -> (&str, &str) {
        (&self.subject, &self.body)
    }

    /// Subject and body for one hospital. What is filled in is never read for places again.
    pub fn fill(&self, with: &Places<'_>) -> (String, String) {
        // A name may hold anything; a subject is one line.
        let subject = filled(&self.subject, with)
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        (subject, filled(&self.body, with))
    }
}

/// The names in braces.
fn places(text: &str) -> impl Iterator<Item = &str> {
    text.split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name)
}

fn filled(text: &str, with: &Places<'_>) -> String {
    let mut parts = text.split('{');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}') {
            Some((name, rest)) => {
                out.push_str(match name {
                    "hospital" => with.hospital,
                    "gmis_id" => with.gmis_id,
                    "survey" => with.survey,
                    "deadline" => with.deadline,
                    "sender" => with.sender,
                    "url" => with.url,
                    _ => "",
                });
                out.push_str(rest);
            }
            None => {
                out.push('{');
                out.push_str(part);
            }
        }
    }
    out
}

/// Subject and body of the mail that brings a new account's link.
pub fn enrolment(hospital: &str, login: &str, days: i64) -> (String, String) {
    let subject = "【調査システム】アカウント利用開始のご案内".to_owned();
    let body = format!(
        "{hospital} ご担当者様\n\n病院サイバーセキュリティ調査のアカウントを用意しました。\n次のURLを開き、パスワードを設定して利用を始めてください。\n\n\
         ログインID　{login}\n{LINK}\n\n\
         このURLは{days}日間有効で、1回だけ使えます。期限を過ぎたときは、都道府県の担当者に再送をご依頼ください。\n\
         アカウントは1施設に1つです。院内で共有し、URLを院外に転送しないでください。\n\
         このメールに心当たりがない場合は、破棄してください。\n"
    );
    (subject, body)
}

/// Subject and body of the mail that brings the link for a lost password.
pub fn reset(login: &str, hours: i64) -> (String, String) {
    let subject = "【調査システム】パスワード再設定のご案内".to_owned();
    let body = format!(
        "ログインID {login} のパスワード再設定の申込みを受け付けました。\n次のURLを開き、新しいパスワードを設定してください。\n\n{LINK}\n\n\
         このURLは{hours}時間有効で、1回だけ使えます。\n\
         申し込んでいない場合は、このメールを破棄してください。パスワードは変わりません。\n"
    );
    (subject, body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn places<'a>(hospital: &'a str) -> Places<'a> {
        Places {
            hospital,
            gmis_id: "AAA0001",
            survey: "調査",
            deadline: "3月8日",
            sender: "東京都",
            url: "https://chosa.example.jp",
        }
    }

    #[test]
    fn the_templates_fill_every_place() {
        for name in ["first", "last"] {
            let (subject, body) = Template::named(name).unwrap().fill(&places("あおば病院"));
            assert!(subject.contains("調査") && !subject.contains('{'), "{subject}");
            for word in ["あおば病院 ご担当者様", "AAA0001", "3月8日", "https://chosa.example.jp", "東京都"] {
                assert!(body.contains(word), "{word}: {body}");
            }
            assert!(!body.contains('{'), "{body}");
        }
        assert!(Template::named("second").is_err());
    }

    #[test]
    fn a_place_that_does_not_exist_and_a_subject_of_two_lines_are_refused() {
        for (subject, body) in [
            ("{name}", "x"),
            ("x", "{link}"),
            ("a\r\nBcc: b@example.jp", "x"),
            ("", "x"),
            ("x", " "),
            ("x", "\u{0}"),
        ] {
            assert!(Template::of(subject, body).is_err(), "{subject:?} {body:?}");
        }
        assert!(Template::of("x", "{ 括弧だけ").is_ok());
    }

    proptest! {
        #[test]
        fn what_is_filled_in_stands_as_it_is_and_a_subject_stays_one_line(name in "(?s).{0,40}") {
            let template = Template::of("{hospital}へ", "{hospital}\n{url}").unwrap();
            let (subject, body) = template.fill(&places(&name));
            prop_assert!(!subject.contains(char::is_control));
            prop_assert_eq!(body, format!("{name}\nhttps://chosa.example.jp"));
        }
    }
}
